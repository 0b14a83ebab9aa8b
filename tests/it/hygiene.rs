//! What must not be in the sources, whatever they do.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn files(folder: &str, endings: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), endings, &mut found);
    found
}

fn collect(folder: &Path, endings: &[&str], found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("dist") {
            collect(&path, endings, found);
        } else if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
}

#[test]
fn b1_scripts_use_no_unsafe_output() {
    let banned = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function(",
        "javascript:",
        "createContextualFragment",
    ];
    let to_anybody = |line: &&str| line.contains("postMessage") && line.contains(['"', '\'']) && line.contains('*');
    for (path, text) in files("static", &["js"]) {
        let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with(['/', '*'])).collect();
        for word in banned {
            assert!(!code.iter().any(|line| line.contains(word)), "{} uses {word}", path.display());
        }
        assert!(!code.iter().any(to_anybody), "{} posts to any origin (E4)", path.display());
    }
}

#[test]
fn b2_templates_escape_everything() {
    for (path, text) in files("templates", &["html"]) {
        let unescaped: Vec<_> = text.lines().filter(|line| line.replace(' ', "").contains("|safe")).collect();
        assert!(unescaped.is_empty(), "{} prints unescaped: {unescaped:?}", path.display());
    }
}

#[test]
fn b1_templates_have_no_inline_handlers_or_styles() {
    for (path, text) in files("templates", &["html"]) {
        for word in [" onclick=", " onload=", " onerror=", " onsubmit=", " style=\"", "javascript:"] {
            assert!(!text.contains(word), "{} has{word}", path.display());
        }
    }
}

#[test]
fn b5_pages_load_nothing_from_elsewhere() {
    for (path, text) in files("templates", &["html"]) {
        for word in ["src=\"http", "href=\"http", "src=\"//", "url(http", "@import"] {
            assert!(!text.contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn the_npm_lock_names_no_hosts() {
    let lock = include_str!("../../package-lock.json");
    assert!(!lock.contains("\"resolved\""), "remove the `resolved` lines from package-lock.json");
}
