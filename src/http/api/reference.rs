//! `GET /v1/docs`: the reference, as a page. Made on the server from the OpenAPI document; it needs no script.
#![expect(clippy::indexing_slicing, reason = "reading a JSON value by a name that is not there gives null")]

use std::sync::OnceLock;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use askama::Template;
use serde_json::Value;

use super::{openapi, operation::Tag};
use crate::{
    config::Config,
    http::{
        assets,
        headers::{self, Nonce},
        page,
    },
};

#[derive(Template)]
#[template(path = "reference/page.html")]
struct ReferencePage<'a> {
    nonce: &'a str,
    icon: String,
    style: String,
    origin: &'a str,
    chapters: &'a [Chapter],
    shapes: &'a [Shape],
}

/// Operations about one subject.
struct Chapter {
    id: String,
    name: &'static str,
    meaning: &'static str,
    operations: Vec<Entry>,
}

/// One operation, ready to print.
struct Entry {
    name: String,
    method: String,
    path: String,
    summary: String,
    /// Paragraphs of words and code.
    about: Vec<Vec<Word>>,
    parameters: Vec<Field>,
    body: Vec<Field>,
    /// The example of the body, as it would be sent.
    example: Option<String>,
    answer: Answer,
    errors: Vec<(String, Vec<Word>)>,
}

/// What an operation that worked answers.
struct Answer {
    status: String,
    fields: Vec<Field>,
}

/// A thing that several operations show.
struct Shape {
    name: String,
    about: Vec<Word>,
    fields: Vec<Field>,
    /// The names it may be, when it is a name.
    names: Vec<String>,
}

/// A field of a body, an answer or a thing, or a parameter.
struct Field {
    name: String,
    kind: String,
    /// The thing that it is, in the list of things.
    shape: Option<String>,
    is_required: bool,
    about: Vec<Word>,
}

/// A piece of text: words, or code between backticks.
struct Word {
    text: String,
    is_code: bool,
}

pub(super) async fn show(request: HttpRequest, config: Data<Config>) -> HttpResponse {
    static CONTENT: OnceLock<(Vec<Chapter>, Vec<Shape>)> = OnceLock::new();
    let (chapters, shapes) = CONTENT.get_or_init(|| {
        let document: Value = serde_json::from_str(openapi::text()).unwrap_or_default();
        (chapters(&document), shapes(&document))
    });
    let nonce = Nonce::random();
    let shown = ReferencePage {
        nonce: nonce.as_str(),
        icon: assets::url("icon.svg"),
        style: assets::url("reference.css"),
        origin: &config.server.origin(),
        chapters,
        shapes,
    };
    let html = shown.render().expect("a template of ready-made parts renders");
    let mut answer = HttpResponse::Ok();
    headers::console_page(&nonce, &config.server).set(&mut answer);
    page::html(&request, answer, html)
}

fn chapters(document: &Value) -> Vec<Chapter> {
    let of = |tag: &Tag| Chapter {
        id: tag.name().to_lowercase().replace(' ', "-"),
        name: tag.name(),
        meaning: tag.meaning(),
        operations: operations(document, tag.name()),
    };
    Tag::ALL.iter().map(of).filter(|chapter| !chapter.operations.is_empty()).collect()
}

fn operations(document: &Value, tag: &str) -> Vec<Entry> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().map(move |(method, operation)| (path, method, operation))
    });
    all.filter(|(.., operation)| operation["tags"][0] == tag)
        .map(|(path, method, operation)| entry(document, path, method, operation))
        .collect()
}

fn entry(document: &Value, path: &str, method: &str, operation: &Value) -> Entry {
    let body = &operation["requestBody"]["content"]["application/json"];
    let responses = operation["responses"].as_object();
    let is_success = |status: &str| status.starts_with('2');
    let success = responses.into_iter().flatten().find(|(status, _)| is_success(status));
    let errors = responses.into_iter().flatten().filter(|(status, _)| !is_success(status));
    Entry {
        name: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        about: text(&operation["description"]).split("\n\n").map(words).collect(),
        parameters: operation["parameters"].as_array().into_iter().flatten().map(parameter).collect(),
        body: fields(document, &body["schema"]),
        example: body.get("example").and_then(|example| serde_json::to_string_pretty(example).ok()),
        answer: success.map_or_else(
            || Answer { status: String::new(), fields: Vec::new() },
            |(status, answer)| Answer {
                status: status.clone(),
                fields: fields(document, &answer["content"]["application/json"]["schema"]),
            },
        ),
        errors: errors.map(|(status, error)| (status.clone(), words(&text(&error["description"])))).collect(),
    }
}

fn parameter(parameter: &Value) -> Field {
    let place = text(&parameter["in"]);
    Field {
        name: text(&parameter["name"]),
        kind: format!("{} · {place}", kind(&parameter["schema"])),
        shape: None,
        is_required: parameter["required"] == true,
        about: words(&text(&parameter["description"])),
    }
}

fn shapes(document: &Value) -> Vec<Shape> {
    let named = document["components"]["schemas"].as_object().into_iter().flatten();
    let shape = |(name, schema): (&String, &Value)| Shape {
        name: name.clone(),
        about: words(&text(&schema["description"])),
        fields: fields(document, schema),
        names: schema["enum"].as_array().into_iter().flatten().map(text).collect(),
    };
    named.map(shape).collect()
}

/// The fields of an object, those of its parts among them.
fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    let schema = resolved(document, schema);
    let parts = schema["allOf"].as_array().into_iter().flatten().flat_map(|part| fields(document, part));
    let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|it| it == name));
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, property)| Field {
        name: name.clone(),
        kind: kind(property),
        shape: shape_of(property),
        is_required: required(name),
        about: words(&text(&property["description"])),
    });
    parts.chain(own).collect()
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|place| place.strip_prefix("#/components/schemas/")) {
        Some(name) => &document["components"]["schemas"][name],
        None => schema,
    }
}

/// The named thing behind a schema: itself, what it lists, or what it may be besides nothing.
fn shape_of(schema: &Value) -> Option<String> {
    let place = schema["$ref"].as_str().map(|place| place.rsplit('/').next().unwrap_or_default().to_owned());
    let some = || schema["oneOf"].as_array()?.iter().find_map(shape_of);
    place.or_else(|| schema.get("items").and_then(shape_of)).or_else(some)
}

/// What a value is, in a word or two.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(options) = schema["oneOf"].as_array() {
        return options.iter().find(|it| it["type"] != "null").map(kind).unwrap_or_default();
    }
    let name = match &schema["type"] {
        Value::Array(names) => names.iter().map(text).find(|name| name != "null").unwrap_or_default(),
        name => text(name),
    };
    match name.as_str() {
        "array" => format!("list of {}", kind(&schema["items"])),
        "string" if schema["enum"].is_array() => {
            schema["enum"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(" | ")
        }
        "string" => "text".to_owned(),
        "integer" | "number" => "number".to_owned(),
        "boolean" => "true or false".to_owned(),
        _ => "object".to_owned(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn words(text: &str) -> Vec<Word> {
    let pieces = text.split('`').enumerate();
    pieces
        .filter(|(_, piece)| !piece.is_empty())
        .map(|(place, piece)| Word { text: piece.to_owned(), is_code: place % 2 == 1 })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        serde_json::from_str(openapi::text()).unwrap()
    }

    #[test]
    fn every_operation_is_on_the_page() {
        let document = document();
        let shown: usize = chapters(&document).iter().map(|chapter| chapter.operations.len()).sum();
        assert_eq!(shown, super::super::operations().len());
    }

    #[test]
    fn every_thing_that_a_field_names_is_on_the_page() {
        let document = document();
        let shapes = shapes(&document);
        let chapters = chapters(&document);
        let operations = chapters.iter().flat_map(|chapter| &chapter.operations);
        let fields = operations.flat_map(|it| it.body.iter().chain(&it.answer.fields));
        for field in fields.chain(shapes.iter().flat_map(|shape| &shape.fields)) {
            let Some(name) = &field.shape else { continue };
            assert!(shapes.iter().any(|shape| shape.name == *name), "{name}");
        }
    }

    #[test]
    fn code_stands_between_backticks() {
        let pieces: Vec<_> = words("Scope: `app`.").into_iter().map(|word| (word.text, word.is_code)).collect();
        let expected = [("Scope: ", false), ("app", true), (".", false)];
        assert_eq!(pieces, expected.map(|(text, is_code)| (text.to_owned(), is_code)));
    }
}
