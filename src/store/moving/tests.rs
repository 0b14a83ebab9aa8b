use super::*;

#[test]
fn every_table_of_the_embedded_store_is_moved_or_named() {
    let folder = tempfile::tempdir().unwrap();
    drop(sqlite::SqliteStore::open(folder.path(), sqlite::SqliteOptions::default()).unwrap());
    let source = Source::open(folder.path()).unwrap();
    for table in source.tables().unwrap() {
        let known = TABLES.iter().any(|(name, _)| *name == table) || SKIPPED.contains(&table.as_str());
        assert!(known, "{table}");
    }
    for (table, _) in TABLES {
        assert!(!source.columns(table).unwrap().is_empty(), "{table}");
    }
}
