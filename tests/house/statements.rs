//! Every statement on a union's table names the union. It is the second lock beside row-level security, and lets
//! the database be spread over machines (infra/scale).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::files::{only_in_tests, sources, without_tests};
use crate::sql::untied;

/// Statements over several unions on purpose, by file and beginning, with the reason.
const OF_ALL_UNIONS: [(&str, &str, &str); 1] = [(
    "src/records/partitions.rs",
    "with {staging} as (delete from {later}",
    "the owner of the tables moves a year of every union's rows into a partition of its own",
)];

const VERBS: [&str; 7] = ["select", "insert", "update", "delete", "with", "copy", "set"];

/// Returns the tables that migrations protect by tenant.
fn owned_tables() -> Vec<String> {
    let mut owned = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for call in text.split("call protect_by_tenant(").skip(1) {
            let names = call.split(')').next().unwrap();
            owned.extend(names.split('\'').skip(1).step_by(2).map(str::to_owned));
        }
    }
    assert!(owned.len() > 25, "{owned:?}");
    owned
}

/// Returns the statements that the macros have checked, from `.sqlx`.
fn checked() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let queries: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            let json: serde_json::Value = serde_json::from_str(&text).unwrap();
            json["query"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(queries.len() > 150, "{}", queries.len());
    queries
}

/// Returns the string literals of a source, as the compiler reads them.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['"', '\'', '/', 'r']) {
        let name_goes_on = rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        rest = &rest[at..];
        let hashes = rest[1..].len() - rest[1..].trim_start_matches('#').len();
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with('"') {
            let (text, length) = unescaped(&rest[1..]);
            found.push(text);
            rest = &rest[1 + length..];
        } else if rest.starts_with('r') && !name_goes_on && rest[1 + hashes..].starts_with('"') {
            let body = &rest[2 + hashes..];
            let end = body.find(&format!("\"{}", "#".repeat(hashes))).unwrap();
            found.push(body[..end].to_owned());
            rest = &body[end + 1 + hashes..];
        } else if rest.starts_with("'\\") {
            rest = rest[3..].split_once('\'').unwrap().1;
        } else if rest.starts_with('\'') {
            // Skips a character literal, and of a lifetime only its quote.
            let mut chars = rest[1..].char_indices();
            let length = chars.nth(1).filter(|(_, c)| *c == '\'').map_or(1, |(at, _)| at + 2);
            rest = &rest[length..];
        } else {
            rest = &rest[1..];
        }
    }
    found
}

/// Returns the content of a literal, which starts after its first quote, and its length in the
/// source.
fn unescaped(source: &str) -> (String, usize) {
    let mut text = String::new();
    let mut chars = source.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, at + 1),
            '\\' => match chars.next().unwrap().1 {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                '\n' => {
                    let next_line = chars.as_str().trim_start();
                    let (more, length) = unescaped(next_line);
                    text.push_str(&more);
                    return (text, source.len() - next_line.len() + length);
                }
                other => text.push(other),
            },
            c => text.push(c),
        }
    }
    panic!("a literal without an end");
}

/// Returns the product's statements by file: those that the macros have checked, and every other literal
/// that is SQL.
fn statements(owned: &[String]) -> BTreeMap<String, BTreeSet<String>> {
    let checked = checked();
    let mut placed = BTreeSet::new();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let sources = sources();
    let tests = only_in_tests(&sources);
    for (path, text) in &sources {
        if tests.iter().any(|test| path.with_extension("").starts_with(test)) {
            continue;
        }
        let product = without_tests(text);
        let name =
            path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap().to_owned();
        for literal in literals(&product) {
            let statements = found.entry(name.clone()).or_default();
            // `query!("…" + "…")` is recognised by its beginning; its other pieces belong to it.
            let begun: Vec<&String> =
                checked.iter().filter(|query| query.starts_with(&literal)).collect();
            if begins_with_a_verb(&literal) && !begun.is_empty() {
                placed.extend(begun.iter().copied());
                statements.extend(begun.into_iter().cloned());
            } else if is_sql(&literal, owned)
                && !checked.iter().any(|query| query.contains(&literal))
            {
                statements.insert(literal);
            }
        }
    }
    let lost: Vec<_> = checked.iter().filter(|query| !placed.contains(*query)).collect();
    assert!(lost.is_empty(), "no source has these: {lost:#?}");
    found
}

/// Returns true for a statement, and for a piece of one that names a table of a union.
fn is_sql(literal: &str, owned: &[String]) -> bool {
    let text = literal.trim_start().to_lowercase();
    let words: Vec<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    let names_a_table = words.windows(2).any(|pair| {
        ["from", "join", "into", "update"].contains(&pair[0])
            && owned.iter().any(|table| table == pair[1])
    });
    let continues = ["from", "set", "into", "values", "as", "stdin"];
    names_a_table
        || begins_with_a_verb(literal) && words.iter().any(|word| continues.contains(word))
}

fn begins_with_a_verb(literal: &str) -> bool {
    literal.split_whitespace().next().is_some_and(|first| VERBS.contains(&first))
}

#[test]
fn t15_every_statement_on_a_unions_table_names_the_union() {
    let owned = owned_tables();
    let mut excused = BTreeSet::new();
    let mut unexpected = Vec::new();
    for (file, statements) in statements(&owned) {
        for statement in statements {
            let untied = untied(&statement, &owned);
            if untied.is_empty() {
                continue;
            }
            let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
            let of_all = |(in_file, begins, _): &&(&str, &str, &str)| {
                *in_file == file && line.starts_with(begins)
            };
            if let Some((_, begins, _)) = OF_ALL_UNIONS.iter().find(of_all) {
                excused.insert((file.clone(), *begins));
            } else {
                unexpected.push(format!("{file}: {}: {line}", untied.join(", ")));
            }
        }
    }
    assert!(
        unexpected.is_empty(),
        "{} statements don't name the union of\n{}",
        unexpected.len(),
        unexpected.join("\n")
    );
    for (file, begins, _) in OF_ALL_UNIONS {
        assert!(
            excused.contains(&(file.to_owned(), begins)),
            "{file}: {begins} needs no excuse any more"
        );
    }
}

#[test]
fn literals_are_read_as_the_compiler_reads_them() {
    let source = r##"let a = "one \"two\" \
        three"; // "no"
        let b: &'static str = r#"select "x""#; let c = ['"', '\'', '\\']; f("\n四")"##;
    assert_eq!(literals(source), ["one \"two\" three", "select \"x\"", "\n四"]);
}

#[test]
fn a_table_is_tied_to_the_union_by_the_statement() {
    let owned = ["members", "accounts", "sessions"].map(str::to_owned);
    for tied in [
        "select name from members where tenant_id = $1 and code = $2",
        "select a.id from accounts a join members m on (m.tenant_id, m.code) = (a.tenant_id, a.member_code)
         where a.tenant_id = $1",
        "select a.id from accounts a join members m using (tenant_id, code) where a.tenant_id = $2::uuid",
        "select id from accounts a where tenant_id = $1 and (id = $2 or user_id = $3) and not exists (
             select from sessions s where s.tenant_id = a.tenant_id and s.account_id = a.id)",
        "with gone as (delete from sessions where tenant_id = $1 returning id) select count(*) from gone",
        "insert into members (tenant_id, code) values ($1, $2), ($1, $3) on conflict (tenant_id, code) do nothing",
        "insert into members as m (code, tenant_id) select c, $2 from unnest($1::text[]) as codes (c)",
        "insert into accounts (tenant_id, id) select m.tenant_id, $2 from members m where m.tenant_id = $1
         on conflict (tenant_id, id) do update set id = excluded.id where accounts.id <> $2",
        "update accounts a set name = m.name from members m
         where a.tenant_id = $1 and m.tenant_id = $1 and m.code = a.member_code",
        "select (select count(*) from members where tenant_id = $1) as \"members!\" from accounts where tenant_id = $1",
        "select count(*) from members where tenant_id = $1 union all select 1 from accounts where tenant_id = $1",
        "select extract(day from created_at) from tenants where id is distinct from $1",
        "copy members (tenant_id, code) from stdin",
    ] {
        assert_eq!(untied(tied, &owned), Vec::<String>::new(), "{tied}");
    }
    for (loose, table) in [
        ("select name from members where code = $2", "members"),
        ("select name from members where tenant_id = $1 or code = $2", "members"),
        (
            "select a.id from accounts a, members m where a.tenant_id = $1 and m.code = a.member_code",
            "members",
        ),
        (
            "select id from accounts where tenant_id = $1 and exists (select from sessions s where s.id = $2)",
            "sessions",
        ),
        (
            "select count(*) from members where tenant_id = $1 union all select 1 from accounts",
            "accounts",
        ),
        ("insert into members (code) values ($1)", "members"),
        (
            "insert into members (tenant_id, code) values ($1, $2), (gen_random_uuid(), $3)",
            "members",
        ),
        ("insert into accounts (tenant_id, id) select tenant_id, $1 from tenants", "accounts"),
        ("update accounts set tenant_id = $1 where id = $2", "accounts"),
        ("with gone as (delete from sessions returning id) select count(*) from gone", "sessions"),
        ("select 1 from tenants t left join lateral (select from sessions) s on true", "sessions"),
        ("copy members (code) from stdin", "members"),
        ("copy {table} from stdin", "{table}"),
    ] {
        assert_eq!(untied(loose, &owned), [table], "{loose}");
    }
}

/// A subquery with LIMIT and SKIP LOCKED may run again for each row of the outer table. It then skips the rows that it has
/// locked, and takes more than the limit in all.
#[test]
fn rows_that_are_taken_past_locked_ones_are_chosen_once() {
    let mut seen = 0;
    for (file, statements) in statements(&owned_tables()) {
        for statement in statements {
            let line = statement.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
            if line.contains("skip locked") {
                seen += 1;
                let once = line.contains(" as materialized (") || line.contains("id = (select");
                assert!(once, "{file}: {line}");
            }
        }
    }
    assert!(seen > 3, "{seen}");
}

/// An INSERT of rows that are in none of the union's tables needs RETURNING or ON CONFLICT. Citus would write them by COPY
/// otherwise, which PostgreSQL refuses for a table with row-level security.
#[test]
fn rows_from_elsewhere_are_written_without_copy() {
    let owned = owned_tables();
    let mut seen = 0;
    for (file, statements) in statements(&owned) {
        for statement in statements {
            let words = statement.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
            for insert in words.split("insert into ").skip(1) {
                let (insert, _) = insert.split_at(end_of_clause(insert));
                let Some((_, source)) = insert.split_once(") select ") else { continue };
                let table = insert.split([' ', '(']).next().unwrap();
                let from = source.split_once(" from ").map_or("", |(_, from)| from);
                let from = from.split([' ', '(']).next().unwrap();
                if !owned.iter().any(|owned| owned == table)
                    || owned.iter().any(|owned| owned == from)
                {
                    continue;
                }
                seen += 1;
                let goes_round = source.contains("returning") || source.contains("on conflict");
                assert!(goes_round, "{file}: insert into {insert}");
            }
        }
    }
    assert!(seen > 8, "{seen}");
}

/// Returns where the parenthesis closes in which a text stands, or else its length.
fn end_of_clause(text: &str) -> usize {
    let mut depth = 0;
    let closes = |(_, c): &(usize, char)| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth < 0
    };
    text.char_indices().find(closes).map_or(text.len(), |(at, _)| at)
}

/// Citus refuses a function of time in COALESCE or CASE, and one that runs on (`clock_timestamp`) anywhere in an UPDATE, since
/// each machine would come to another result. The time is asked for first, and given as a value.
#[test]
fn no_update_asks_for_the_time() {
    let owned = owned_tables();
    for (file, statements) in statements(&owned) {
        for statement in statements {
            let words = statement.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
            let updates = owned.iter().any(|table| words.contains(&format!("update {table} ")));
            assert!(!updates || !words.contains("_timestamp()"), "{file}: {words}");
        }
    }
}

/// Citus keeps the result of a part of a statement in a file, which can't be read back without a column; and it writes out the
/// defaults of columns that an INSERT does not name, so a right to some columns is not enough.
#[test]
fn parts_of_statements_have_columns_and_rights_to_insert_are_whole() {
    for (file, statements) in statements(&owned_tables()) {
        for statement in statements {
            let words = statement.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
            for empty in ["as (select where", "as (select from", "(select) as"] {
                assert!(!words.contains(empty), "{file}: {words}");
            }
        }
    }
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("insert ("), "{}", path.display());
    }
}
