//! Reads SQL just enough to tell if each table of a union is tied to the union that the statement names.
//!
//! A table is tied by `tenant_id = $1`, or by `tenant_id = other.tenant_id` to a tied table. The condition has to hold
//! for every row, so one below an OR doesn't count. An INSERT is tied by the value that it gives to `tenant_id`.

use crate::words::{Part, parts_of};

const QUERIES: [&str; 6] = ["select", "with", "values", "insert", "update", "delete"];
/// Words that end a table's name, so that none is taken for its alias, and words that end a
/// condition.
const CLAUSES: [&str; 27] = [
    "where",
    "on",
    "using",
    "join",
    "left",
    "right",
    "inner",
    "full",
    "cross",
    "natural",
    "group",
    "having",
    "order",
    "limit",
    "offset",
    "returning",
    "for",
    "set",
    "union",
    "except",
    "intersect",
    "window",
    "values",
    "select",
    "from",
    "do",
    "fetch",
];

fn is_query(parts: &[Part]) -> bool {
    parts.first().is_some_and(|first| first.one_of(&QUERIES))
}

fn split(parts: &[Part], at: impl Fn(&Part) -> bool) -> impl Iterator<Item = &[Part]> {
    parts.split(move |part| at(part))
}

/// The union that a table's rows belong to. [`UNION`] is the one that the statement names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tie(usize);

const UNION: Tie = Tie(0);

#[derive(Debug)]
struct Table {
    name: String,
    alias: String,
    scope: usize,
    owned: bool,
    tie: Tie,
}

struct Reader<'o> {
    owned: &'o [String],
    tables: Vec<Table>,
    /// The parent of each scope.
    scopes: Vec<Option<usize>>,
    /// For each tie, an equal one, or itself.
    same: Vec<usize>,
}

/// Returns the tables of a union that a statement uses without tying them to the union.
pub fn untied(statement: &str, owned: &[String]) -> Vec<String> {
    let mut reader = Reader { owned, tables: Vec::new(), scopes: Vec::new(), same: vec![0] };
    for statement in split(&parts_of(statement), |part| part.is_symbol(";")) {
        reader.query(statement, None, None);
    }
    let tables = reader.tables.iter().filter(|table| table.owned);
    tables.filter(|table| reader.root(table.tie) != UNION).map(|table| table.name.clone()).collect()
}

impl Reader<'_> {
    fn root(&self, Tie(mut at): Tie) -> Tie {
        while self.same[at] != at {
            at = self.same[at];
        }
        Tie(at)
    }

    fn tie(&mut self, one: Tie, other: Tie) {
        let (one, other) = (self.root(one).0, self.root(other).0);
        let (low, high) = (one.min(other), one.max(other));
        self.same[high] = low;
    }

    fn add(&mut self, name: &str, alias: &str, scope: usize) -> Tie {
        let tie = Tie(self.same.len());
        self.same.push(tie.0);
        let placed_at_run_time = name.starts_with('{');
        let owned = placed_at_run_time || self.owned.iter().any(|owned| owned == name);
        let (name, alias) = (name.to_owned(), alias.to_owned());
        self.tables.push(Table { name, alias, scope, owned, tie });
        tie
    }

    /// Reads a query with its CTEs and UNIONs. Returns the ties of its output at `column`, one for each side
    /// of a UNION.
    fn query(
        &mut self,
        parts: &[Part],
        parent: Option<usize>,
        column: Option<usize>,
    ) -> Vec<Option<Tie>> {
        let mut rest = parts;
        if rest.first().is_some_and(|part| part.is("with")) {
            // Reads `name (columns) as [not] materialized (query), …` up to the word that begins the query
            // itself.
            let end = rest
                .iter()
                .skip(1)
                .position(|part| part.one_of(&QUERIES))
                .map_or(rest.len(), |at| at + 1);
            for part in &rest[..end] {
                if let Part::Group(group) = part
                    && is_query(group)
                {
                    self.query(group, parent, None);
                }
            }
            rest = &rest[end..];
        }
        if rest.first().is_some_and(|part| part.is("copy")) {
            self.copy(rest);
            return Vec::new();
        }
        if rest.first().is_some_and(|part| part.is("insert")) {
            self.insert(rest, parent);
            return Vec::new();
        }
        let is_union = |part: &Part| part.one_of(&["union", "except", "intersect"]);
        split(rest, is_union).map(|side| self.side(side, parent, column)).collect()
    }

    /// Reads `copy table (columns) from stdin`. A column of the file says which union the rows
    /// belong to.
    fn copy(&mut self, parts: &[Part]) {
        let scope = self.scope(None);
        if let [_, Part::Word(name), rest @ ..] = parts {
            let tie = self.add(name, name, scope);
            if let [Part::Group(columns), ..] = rest
                && columns.iter().any(|part| part.is("tenant_id"))
            {
                self.tie(tie, UNION);
            }
        }
    }

    fn scope(&mut self, parent: Option<usize>) -> usize {
        self.scopes.push(parent);
        self.scopes.len() - 1
    }

    fn insert(&mut self, parts: &[Part], parent: Option<usize>) {
        let [_, _, Part::Word(name), rest @ ..] = parts else { return };
        let scope = self.scope(parent);
        let (alias, rest) = match rest {
            [as_, Part::Word(alias), rest @ ..] if as_.is("as") => (alias, rest),
            rest => (name, rest),
        };
        let target = self.add(name, alias, scope);
        let [Part::Group(columns), rest @ ..] = rest else { return };
        let names = split(columns, |part| part.is_symbol(","));
        let place =
            names.into_iter().position(|column| column.iter().any(|part| part.is("tenant_id")));
        let is_tail =
            |pair: &[Part]| pair[0].is("on") && pair[1].is("conflict") || pair[0].is("returning");
        let end = rest.windows(2).position(is_tail).unwrap_or(rest.len());
        let (source, tail) = rest.split_at(end);
        let source = match source {
            [Part::Group(group)] if is_query(group) => group,
            source => source,
        };
        let given = if source.first().is_some_and(|part| part.is("values")) {
            self.below(source, scope);
            let rows = source.iter().filter_map(|part| match part {
                Part::Group(row) => Some(row),
                _ => None,
            });
            rows.map(|row| self.value_at(row, place?, scope)).collect()
        } else {
            self.query(source, Some(scope), place)
        };
        if let (Some(_), Some(Some(first))) = (place, given.first().copied())
            && given.iter().all(|tie| tie.map(|tie| self.root(tie)) == Some(self.root(first)))
        {
            self.tie(target, first);
        }
        self.below(tail, scope);
    }

    fn value_at(&self, row: &[Part], place: usize, scope: usize) -> Option<Tie> {
        let value = split(row, |part| part.is_symbol(",")).nth(place)?;
        self.whose(value, scope)
    }

    /// Reads one SELECT, UPDATE or DELETE.
    fn side(
        &mut self,
        parts: &[Part],
        parent: Option<usize>,
        column: Option<usize>,
    ) -> Option<Tie> {
        let scope = self.scope(parent);
        self.tables_of(parts, scope);
        self.below(parts, scope);
        self.conditions(parts, scope);
        let column = column?;
        let list = parts.strip_prefix([Part::Word("select".to_owned())].as_slice())?;
        let end = list.iter().position(|part| part.is("from")).unwrap_or(list.len());
        let value = split(&list[..end], |part| part.is_symbol(",")).nth(column)?;
        let end = value.iter().position(|part| part.is("as")).unwrap_or(value.len());
        self.whose(&value[..end], scope)
    }

    /// Reads the queries in parentheses, at any depth.
    fn below(&mut self, parts: &[Part], scope: usize) {
        for part in parts {
            if let Part::Group(group) = part {
                if is_query(group) {
                    self.query(group, Some(scope), None);
                } else {
                    self.below(group, scope);
                }
            }
        }
    }

    fn tables_of(&mut self, parts: &[Part], scope: usize) {
        let mut at = 0;
        while at < parts.len() {
            let part = &parts[at];
            let before = at.checked_sub(1).map(|before| &parts[before]);
            let lists_tables = match part {
                part if part.is("from") => !before.is_some_and(|part| part.is("distinct")),
                part if part.is("join") => true,
                part if part.is("update") => at == 0,
                part if part.is("using") => !matches!(parts.get(at + 1), Some(Part::Group(_))),
                _ => false,
            };
            at += 1;
            if lists_tables {
                at = self.table(parts, at, scope);
                while parts.get(at).is_some_and(|part| part.is_symbol(",")) {
                    at = self.table(parts, at + 1, scope);
                }
            }
        }
    }

    /// Reads one table of a list, and returns its end.
    fn table(&mut self, parts: &[Part], mut at: usize, scope: usize) -> usize {
        while parts.get(at).is_some_and(|part| part.one_of(&["lateral", "only"])) {
            at += 1;
        }
        let mut name = "";
        match parts.get(at) {
            Some(Part::Group(group)) if !is_query(group) => {
                let first = self.table(group, 0, scope);
                self.tables_of(&group[first..], scope);
                self.conditions(group, scope);
            }
            Some(Part::Word(word)) => name = word,
            _ => {}
        }
        at += 1;
        let mut is_function = false;
        if let Some(Part::Group(_)) = parts.get(at).filter(|_| !name.is_empty()) {
            is_function = true;
            at += 1;
        }
        if parts.get(at).is_some_and(|part| part.is("as")) {
            at += 1;
        }
        let alias = match parts.get(at) {
            Some(Part::Word(alias)) if !CLAUSES.contains(&alias.as_str()) => {
                at += 1;
                alias
            }
            _ => name,
        };
        let name = if is_function { "" } else { name };
        self.add(name, alias, scope);
        // Skips the columns of a function's or a subquery's alias.
        if let Some(Part::Group(_)) = parts.get(at) {
            at += 1;
        }
        at
    }

    fn conditions(&mut self, parts: &[Part], scope: usize) {
        for (at, part) in parts.iter().enumerate() {
            let next = parts.get(at + 1);
            if part.is("using")
                && let Some(Part::Group(columns)) = next
                && columns.iter().any(|part| part.is("tenant_id"))
            {
                self.tie_neighbours(scope);
            }
            if part.is("where") || part.is("on") && !next.is_some_and(|next| next.is("conflict")) {
                let condition = &parts[at + 1..];
                let ends = |part: &Part| part.one_of(&CLAUSES) || part.is_symbol(",");
                let end = condition.iter().position(ends).unwrap_or(condition.len());
                self.holds(&condition[..end], scope);
            }
        }
    }

    /// Ties `a join b using (tenant_id, …)`.
    fn tie_neighbours(&mut self, scope: usize) {
        let own = self.tables.iter().filter(|table| table.scope == scope && table.owned);
        let ties: Vec<Tie> = own.map(|table| table.tie).collect();
        for pair in ties.windows(2) {
            self.tie(pair[0], pair[1]);
        }
    }

    /// Reads a condition that holds for every row.
    fn holds(&mut self, condition: &[Part], scope: usize) {
        if condition.iter().any(|part| part.is("or")) {
            return;
        }
        for term in split(condition, |part| part.is("and")) {
            if let [Part::Group(inner)] = term {
                self.holds(inner, scope);
            }
            let mut sides = split(term, |part| part.is_symbol("="));
            let (Some(left), Some(right), None) = (sides.next(), sides.next(), sides.next()) else {
                continue;
            };
            if let ([Part::Group(left)], [Part::Group(right)]) = (left, right) {
                let left = split(left, |part| part.is_symbol(","));
                for (left, right) in left.zip(split(right, |part| part.is_symbol(","))) {
                    self.equal(left, right, scope);
                }
            } else {
                self.equal(left, right, scope);
            }
        }
    }

    fn equal(&mut self, left: &[Part], right: &[Part], scope: usize) {
        if let (Some(left), Some(right)) = (self.whose(left, scope), self.whose(right, scope)) {
            self.tie(left, right);
        }
    }

    /// Returns the tie of an expression: of a parameter, of `tenant_id` or of `alias.tenant_id`.
    fn whose(&self, expression: &[Part], scope: usize) -> Option<Tie> {
        match expression {
            [Part::Parameter] => Some(UNION),
            [Part::Parameter, cast, Part::Word(_)] if cast.is_symbol("::") => Some(UNION),
            [name] if name.is("tenant_id") => self.find(scope, |table| table.owned),
            [Part::Word(alias), dot, name] if dot.is_symbol(".") && name.is("tenant_id") => {
                self.find(scope, |table| table.alias == *alias)
            }
            _ => None,
        }
    }

    /// Returns the only such table in the scope, or else in the scopes around it.
    fn find(&self, scope: usize, is_it: impl Fn(&Table) -> bool) -> Option<Tie> {
        let mut at = Some(scope);
        while let Some(scope) = at {
            let mut found = self.tables.iter().filter(|table| table.scope == scope && is_it(table));
            if let Some(table) = found.next() {
                return found.next().is_none().then_some(table.tie);
            }
            at = self.scopes[scope];
        }
        None
    }
}
