//! The modules of the crate, and what each file's own code uses of another file.
//!
//! A file uses the file in which an item is *defined*, whichever way it names the item: by `crate::`, `super::`,
//! `self::`, by the plain name of a child or an imported module, or by a name that a third file re-exports. Declaring a
//! module, or re-exporting an item without naming it elsewhere, is no use of it. A path that only goes through a module
//! is no use of that module. Code of test builds is left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use crate::files::{module_of, only_in_tests, without_tests};

/// A path from the crate's root: `["web", "form"]`.
pub type Name = Vec<String>;

/// An import: the path, and the name that it has here.
#[derive(Debug, Clone)]
struct Import {
    path: Name,
    name: String,
}

#[derive(Debug)]
struct Module {
    imports: Vec<Import>,
    /// Paths in the code itself.
    paths: Vec<Name>,
    /// Every word in the code outside its `use` lines.
    words: BTreeSet<String>,
}

/// The modules that each module uses.
pub type Uses = BTreeMap<Name, BTreeSet<Name>>;

/// Finds modules that use each other in a circle. Each circle is returned once.
pub fn circles(uses: &Uses) -> Vec<Vec<Name>> {
    let reached: BTreeMap<&Name, BTreeSet<&Name>> =
        uses.keys().map(|from| (from, reachable(uses, from))).collect();
    let mut found: BTreeSet<Vec<Name>> = BTreeSet::new();
    for (from, to) in &reached {
        let circle: Vec<Name> = to
            .iter()
            .filter(|other| reached.get(**other).is_some_and(|back| back.contains(from)))
            .map(|other| (*other).clone())
            .collect();
        if !circle.is_empty() {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

fn reachable<'u>(uses: &'u Uses, from: &Name) -> BTreeSet<&'u Name> {
    let mut found = BTreeSet::new();
    let mut ahead: Vec<&Name> = uses.get(from).into_iter().flatten().collect();
    while let Some(name) = ahead.pop() {
        if found.insert(name) {
            ahead.extend(uses.get(name).into_iter().flatten());
        }
    }
    found
}

/// The files of the product, as modules.
pub struct Crate {
    modules: HashMap<Name, Module>,
}

impl Crate {
    pub fn read(sources: &[(PathBuf, String)]) -> Self {
        let tests = only_in_tests(sources);
        let product = sources.iter().filter(|(path, _)| {
            !tests.iter().any(|test| path.with_extension("").starts_with(test))
        });
        let modules = product.map(|(path, text)| {
            let text = without_tests(text);
            (module_of(path), Module::read(&text))
        });
        Self { modules: modules.collect() }
    }

    /// Returns which modules each module uses.
    pub fn uses(&self) -> Uses {
        self.modules.keys().map(|name| (name.clone(), self.used_by(name))).collect()
    }

    /// Returns the module in which an item is defined that another module names by a path.
    pub fn written_in(&self, from: &Name, path: &[String]) -> Option<Name> {
        let mut found = BTreeSet::new();
        self.owners(&self.absolute(from, path)?, &mut found, 0);
        found.pop_first()
    }

    fn used_by(&self, name: &Name) -> BTreeSet<Name> {
        let module = &self.modules[name];
        let mut found = BTreeSet::new();
        for import in &module.imports {
            let is_named =
                import.name == "_" || import.name == "*" || module.words.contains(&import.name);
            if is_named && let Some(path) = self.absolute(name, &import.path) {
                self.owners(&path, &mut found, 0);
            }
        }
        for path in &module.paths {
            if let Some(path) = self.absolute(name, path) {
                self.owners(&path, &mut found, 0);
            }
        }
        found.remove(name);
        found
    }

    /// Returns the path from the crate's root, or `None` for another crate's path and for a local
    /// name.
    fn absolute(&self, from: &Name, path: &[String]) -> Option<Name> {
        let mut base = from.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            first => {
                let child = [base.as_slice(), &[first.to_owned()]].concat();
                if !self.modules.contains_key(&child) {
                    let imports = &self.modules.get(from)?.imports;
                    let import = imports.iter().find(|import| import.name == first)?;
                    let through = import.path.first().is_some_and(|start| start == first);
                    let start = if through { None } else { self.absolute(from, &import.path) }?;
                    return Some([start.as_slice(), &path[1..]].concat());
                }
            }
        }
        Some([base.as_slice(), rest].concat())
    }

    /// Finds the modules in which the item of a path is defined.
    fn owners(&self, path: &[String], found: &mut BTreeSet<Name>, depth: usize) {
        assert!(depth < 10, "{path:?} is re-exported in a circle");
        let mut at: Name = Vec::new();
        for (place, part) in path.iter().enumerate() {
            let below = [at.as_slice(), std::slice::from_ref(part)].concat();
            if self.modules.contains_key(&below) {
                at = below;
                continue;
            }
            let Some(module) = self.modules.get(&at) else { return };
            let import = module.imports.iter().find(|import| &import.name == part);
            let target = import.and_then(|import| self.absolute(&at, &import.path));
            match target {
                Some(target) => {
                    let path = [target.as_slice(), &path[place + 1..]].concat();
                    self.owners(&path, found, depth + 1);
                }
                None if at.is_empty() => {}
                None => {
                    found.insert(at);
                }
            }
            return;
        }
        // The path names a module itself. What is used of it has a path of its own.
    }
}

impl Module {
    fn read(text: &str) -> Self {
        let words = words(text);
        let mut module = Self { imports: Vec::new(), paths: Vec::new(), words: BTreeSet::new() };
        let mut at = 0;
        while at < words.len() {
            match words[at].as_str() {
                "use" if words[at + 1] != "<" => {
                    at = read_use(&words, at + 1, &[], &mut module.imports) + 1;
                    continue;
                }
                // Skips `mod name;`.
                "mod" => at += 2,
                // Skips `pub(in crate::portal)`.
                "pub" if words.get(at + 1).is_some_and(|word| word == "(") => {
                    at += words[at..].iter().position(|word| word == ")").unwrap_or_default();
                }
                word if is_name(word) => {
                    let mut path = vec![word.to_owned()];
                    let is_member = at > 0 && matches!(words[at - 1].as_str(), "." | "::");
                    while words.get(at + 1).is_some_and(|word| word == "::")
                        && words.get(at + 2).is_some_and(|word| is_name(word))
                    {
                        path.push(words[at + 2].clone());
                        at += 2;
                    }
                    module.words.extend(path.first().filter(|_| !is_member).cloned());
                    if path.len() > 1 && !is_member {
                        module.paths.push(path);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        module
    }
}

/// Reads the tree after `use` from `at`, and returns its end.
fn read_use(words: &[String], mut at: usize, before: &[String], found: &mut Vec<Import>) -> usize {
    let mut path = before.to_vec();
    let mut name = None;
    loop {
        match words[at].as_str() {
            "::" => {}
            "{" => {
                at += 1;
                while words[at] != "}" {
                    at = read_use(words, at, &path, found);
                    if words[at] == "," {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "as" => {
                at += 1;
                name = Some(words[at].clone());
            }
            ";" | "," | "}" => {
                if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
                    path.pop();
                }
                let name = name.or_else(|| path.last().cloned()).unwrap_or_default();
                found.push(Import { path, name });
                return at;
            }
            word => path.push(word.to_owned()),
        }
        at += 1;
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Returns the words and signs of a source, without comments and strings.
fn words(text: &str) -> Vec<String> {
    taken_apart(text).0
}

/// Returns the strings of a source as they are written.
pub fn strings(text: &str) -> Vec<String> {
    taken_apart(text).1
}

fn taken_apart(text: &str) -> (Vec<String>, Vec<String>) {
    let chars: Vec<char> = text.chars().collect();
    let (mut found, mut strings) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        let next = chars.get(at + 1).copied().unwrap_or(' ');
        if c == '/' && next == '/' {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if c == '"' {
            let start = at + 1;
            at = end_of_string(&chars, at);
            strings.push(chars[start..at - 1].iter().collect());
        } else if c == '\'' && (next == '\\' || chars.get(at + 2) == Some(&'\'')) {
            // A character literal; a lifetime has no second quote.
            at += if next == '\\' { 2 } else { 1 };
            while chars.get(at).is_some_and(|c| *c != '\'') || chars.get(at + 1) == Some(&'\'') {
                at += 1;
            }
            at += 1;
        } else if c.is_alphanumeric() || c == '_' {
            let start = at;
            while chars.get(at).is_some_and(|c| c.is_alphanumeric() || *c == '_') {
                at += 1;
            }
            let word: String = chars[start..at].iter().collect();
            let is_raw = matches!(word.as_str(), "r" | "br");
            if is_raw && matches!(chars.get(at), Some('"' | '#')) {
                at = end_of_raw_string(&chars, at);
            } else {
                found.push(word);
            }
        } else if c == ':' && next == ':' {
            found.push("::".to_owned());
            at += 2;
        } else {
            if !c.is_whitespace() {
                found.push(c.to_string());
            }
            at += 1;
        }
    }
    (found, strings)
}

fn end_of_string(chars: &[char], mut at: usize) -> usize {
    at += 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn end_of_raw_string(chars: &[char], mut at: usize) -> usize {
    let mut marks = 0;
    while chars.get(at) == Some(&'#') {
        marks += 1;
        at += 1;
    }
    if chars.get(at) != Some(&'"') {
        // A raw name such as `r#type`.
        return at;
    }
    at += 1;
    loop {
        let closes = chars.get(at) == Some(&'"')
            && chars[at + 1..].iter().take(marks).filter(|c| **c == '#').count() == marks;
        if closes || at >= chars.len() {
            return at + 1 + marks;
        }
        at += 1;
    }
}
