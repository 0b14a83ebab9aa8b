//! The floors of `docs/ARCHITECTURE.md`: every import points down, and some arrows are forbidden altogether.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Top-level modules by floor. Those on one floor do not import each other.
const FLOORS: [&[&str]; 8] = [
    &["model", "proto"],
    &["config", "telemetry"],
    &["wire", "store", "bus", "auth", "media", "view", "outbound"],
    &["im"],
    &["gateway", "hooks", "upstream"],
    &["http"],
    &["app", "lifecycle"],
    &["cli"],
];

/// Siblings that may be imported all the same, and why.
const SIBLINGS: [(&str, &str); 3] = [
    ("lifecycle", "app"),    // stops what app started
    ("telemetry", "config"), // is told how to log
    ("auth", "store"),       // its hashes are the store's keys
];

/// Arrows that would point down and are forbidden: who, whom.
const FORBIDDEN: [(&str, &[&str]); 3] = [
    ("gateway", &["store"]),
    ("http", &["wire", "store", "bus"]),
    ("im", &["wire", "view", "actix_", "rusqlite", "sqlx", "prost", "askama"]),
];

/// A source file without its tests, and the top-level module it belongs to.
struct Source {
    path: PathBuf,
    module: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, found);
            continue;
        }
        let inside = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let module = inside.split(['/', '.']).next().unwrap().to_owned();
        let is_test = inside.contains("/tests") || inside.contains("conformance");
        if path.extension().is_some_and(|ending| ending == "rs") && !is_test && !["lib", "main"].contains(&&*module) {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
            found.push(Source { path, module, text });
        }
    }
}

/// Top-level modules named after `crate::`, alone or in a `use crate::{…}` list.
fn imports(text: &str) -> BTreeSet<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(list) => found.extend(first_words(list)),
            None => found.extend(word(rest)),
        }
    }
    found
}

fn first_words(list: &str) -> Vec<String> {
    let (mut depth, mut starts, mut words) = (0, true, Vec::new());
    for (at, sign) in list.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts = true,
            sign if starts && !sign.is_whitespace() => {
                words.extend(word(&list[at..]));
                starts = false;
            }
            _ => {}
        }
    }
    words
}

fn word(text: &str) -> Option<String> {
    let word: String = text.chars().take_while(|sign| sign.is_alphanumeric() || *sign == '_').collect();
    (!word.is_empty()).then_some(word)
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

#[test]
fn every_module_has_a_floor() {
    for source in sources() {
        assert!(floor(&source.module).is_some(), "{} is on no floor", source.path.display());
    }
}

#[test]
fn imports_point_down() {
    for source in sources() {
        for import in imports(&source.text) {
            let (Some(from), Some(to)) = (floor(&source.module), floor(&import)) else { continue };
            let allowed = import == source.module || SIBLINGS.contains(&(&source.module, &import)) || to < from;
            assert!(allowed, "{} imports crate::{import}, which is not below it", source.path.display());
        }
    }
}

#[test]
fn forbidden_arrows_are_absent() {
    for source in sources() {
        for (_, targets) in FORBIDDEN.iter().filter(|(module, _)| *module == source.module) {
            for target in *targets {
                let found = match target.strip_suffix('_') {
                    Some(family) => source.text.contains(&format!("{family}_")),
                    None => {
                        imports(&source.text).contains(*target)
                            || source.text.contains(&format!("{target}::")) && floor(target).is_none()
                    }
                };
                assert!(!found, "{} uses {target}, which its floor must not know", source.path.display());
            }
        }
    }
}

#[test]
fn n1_only_one_module_makes_requests() {
    for source in sources().iter().filter(|source| source.module != "outbound") {
        let asks = source.text.contains("reqwest") || source.text.contains("tungstenite");
        assert!(!asks, "{} makes requests past the guard", source.path.display());
    }
}

#[test]
fn the_reader_of_imports_sees_lists_and_paths() {
    let text =
        "use crate::{\n    app::{Parlor, Welcome},\n    config,\n};\nfn f() { crate::model::x() }\n// crate::http";
    assert_eq!(imports(text), ["app", "config", "model"].map(str::to_owned).into());
}
