//! What the list of paths must be, and the tables of the docs that are made of it.

use std::collections::BTreeSet;

use super::{FAMILIES, Listed, Takes, is_ours, listed};

fn table(paths: impl Iterator<Item = Listed>) -> String {
    let row = |one: Listed| {
        let json = if one.takes == Takes::Json { " (JSON)" } else { "" };
        let needs: Vec<_> = one.needs.iter().map(|name| format!("`{name}`")).collect();
        format!("| `{}`{json} | {} | {} |\n", one.path, needs.join(", "), one.says)
    };
    paths.map(row).collect()
}

#[test]
fn the_documented_paths_are_these() {
    let docs = include_str!("../../../../docs/COMPATIBLE.md");
    let (there, missing): (Vec<_>, Vec<_>) = listed().into_iter().partition(|one| one.is_there);
    let rows = table(there.into_iter());
    let (_, rest) =
        docs.split_once("<!-- paths:begin -->\n| Path | Must have | What it does |\n|---|---|---|\n").unwrap();
    let (written, _) = rest.split_once("<!-- paths:end -->").unwrap();
    assert_eq!(written, rows, "replace the table in docs/COMPATIBLE.md with:\n{rows}");
    let names: Vec<_> = missing.iter().map(|one| format!("`{}`", one.path)).collect();
    assert!(docs.contains(&names.join(", ")), "docs/COMPATIBLE.md lists as not there: {}", names.join(", "));
}

#[test]
fn each_path_is_listed_once_under_its_family_with_an_example() {
    let mut seen = BTreeSet::new();
    for one in listed() {
        assert!(seen.insert(one.path), "{} is listed twice", one.path);
        assert!(is_ours(&format!("/{}.json", one.path)), "{}", one.path);
        assert!(!one.says.is_empty(), "{} is not described", one.path);
        for name in one.needs {
            assert!(one.example.contains(name), "the example of {} lacks {name}", one.path);
        }
    }
    assert!(FAMILIES.iter().all(|family| seen.iter().any(|path| path.starts_with(family))));
    assert!(!is_ours("/v1/app") && !is_ours("/user/x") && !is_ours("/users/x.json"));
}
