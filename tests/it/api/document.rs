//! The OpenAPI document, as tests walk through it.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

/// The document, as it is committed.
pub(crate) struct Document(Value);

/// One operation of it.
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) method: String,
    path: String,
    /// The example of its body; without one it takes none.
    pub(crate) example: Option<Value>,
    description: String,
}

impl Document {
    /// The committed one, which a unit test holds equal to what is served.
    pub(crate) fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
        Self(serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap())
    }

    /// Every operation: reads first, removals last.
    pub(crate) fn operations(&self) -> impl Iterator<Item = Operation> {
        let mut found: Vec<_> = self.0["paths"].as_object().unwrap().iter().flat_map(of_path).collect();
        let order =
            |it: &Operation| ["GET", "POST", "PUT", "PATCH", "DELETE"].iter().position(|name| *name == it.method);
        found.sort_by_key(order);
        found.into_iter()
    }
}

fn of_path((path, item): (&String, &Value)) -> Vec<Operation> {
    let operation = |(method, it): (&String, &Value)| Operation {
        name: it["operationId"].as_str().unwrap().to_owned(),
        method: method.to_uppercase(),
        path: path.clone(),
        example: it["requestBody"]["content"]["application/json"].get("example").cloned(),
        description: it["description"].as_str().unwrap().to_owned(),
    };
    item.as_object().unwrap().iter().map(operation).collect()
}

impl Operation {
    /// Its address, with these ids in their places.
    pub(crate) fn address(&self, ids: &BTreeMap<&str, String>) -> String {
        let fill = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => ids.get(name).unwrap_or_else(|| panic!("Estate::new makes a thing for {{{name}}}")).clone(),
            None => part.to_owned(),
        };
        self.path.split('/').map(fill).collect::<Vec<_>>().join("/")
    }

    /// The scope that it needs.
    pub(crate) fn scope(&self) -> Option<&str> {
        self.description.split("Scope: `").nth(1)?.split('`').next()
    }
}
