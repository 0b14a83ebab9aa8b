//! Every requirement names a test, and the test exists.

use std::{collections::BTreeMap, fs, path::Path};

/// The rows of the table: number and names of tests.
fn rows() -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/CONFORMANCE.md")).unwrap();
    text.lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.strip_prefix("| ")?.trim_end_matches('|').split(" | ").collect();
            let [number, _, tests] = cells.as_slice() else { return None };
            let is_number = number.split_once('.').is_some_and(|(a, b)| (a.parse::<u8>(), b.parse::<u8>()).0.is_ok());
            let names = tests.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            is_number.then(|| ((*number).to_owned(), names))
        })
        .collect()
}

/// Names of all tests in a folder: functions in Rust, titles in JavaScript.
fn collect(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, all);
        } else if path.extension().is_some_and(|it| it == "rs" || it == "js") && !path.ends_with("conformance.rs") {
            all.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_requirement_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    collect(&root.join("tests"), &mut code);
    collect(&root.join("src"), &mut code);
    let rows = rows();
    assert!(rows.len() >= 80, "the table is not read: {} rows", rows.len());
    let bare: Vec<&String> = rows.iter().filter(|(_, names)| names.is_empty()).map(|(number, _)| number).collect();
    assert!(bare.is_empty(), "nothing shows {bare:?}");
    let missing: Vec<String> = rows
        .iter()
        .flat_map(|(number, names)| names.iter().map(move |name| (number, name)))
        .filter(|(_, name)| !code.contains(&format!("fn {name}(")) && !code.contains(&format!("test(\"{name}\"")))
        .map(|(number, name)| format!("{number}: {name}"))
        .collect();
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
}
