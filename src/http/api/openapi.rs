//! The OpenAPI 3.1 document, made from the operations themselves.

use std::{collections::BTreeMap, sync::OnceLock};

use actix_web::http::Method;
use utoipa::{
    ToSchema,
    openapi::{
        self as oa, ContentBuilder, HeaderBuilder, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, Paths, Ref,
        RefOr, ResponseBuilder, Type,
        path::{HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        schema::{Components, Schema},
        security::{
            ApiKey as HeaderKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
        },
        tag::TagBuilder,
    },
};

use super::operation::{Operation, Tag};
use crate::model::Code;

/// What can go wrong with every operation.
const ALWAYS: [Code; 7] = [
    Code::BadRequest,
    Code::Unauthorized,
    Code::Replayed,
    Code::Forbidden,
    Code::RateLimited,
    Code::Internal,
    Code::Unavailable,
];

/// What an operation takes and answers, gathered from its types.
#[derive(Clone, Default)]
pub(in crate::http) struct Described {
    /// The names of the ids in the address that no input has described yet, last first.
    segments: Vec<&'static str>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<RefOr<Schema>>,
    /// The body is a file.
    pub(super) takes_file: bool,
    pub(super) answer: (u16, Option<RefOr<Schema>>),
    /// The answer is a file.
    pub(super) is_file: bool,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Described {
    /// An operation at this address, such as `/v1/sites/{site}`.
    pub(super) fn of(path: &'static str) -> Self {
        let names: Vec<_> = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        Self { segments: names.into_iter().rev().collect(), ..Self::default() }
    }

    pub(super) fn next_segment(&mut self) -> Option<&'static str> {
        self.segments.pop()
    }

    /// A reference to a type's schema, which goes into the document.
    pub(super) fn schema_of<T: ToSchema>(&mut self) -> RefOr<Schema> {
        T::schemas(&mut self.schemas);
        self.schemas.push((T::name().into_owned(), T::schema()));
        Ref::from_schema_name(T::name()).into()
    }
}

/// The document as text; made once.
pub(super) fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let text = document(&super::operations()).to_pretty_json();
        text.map(|text| text + "\n").unwrap_or_default()
    })
}

/// The document of these operations.
pub(super) fn document(operations: &[Operation]) -> OpenApi {
    let mut paths = Paths::new();
    let mut schemas = BTreeMap::new();
    for operation in operations {
        paths.add_path_operation(operation.path, vec![method(&operation.method)], describe(operation));
        schemas.extend(operation.described.schemas.iter().cloned());
    }
    let mut components = Components::new();
    components.schemas = schemas;
    components.schemas.insert("Error".to_owned(), error_schema().into());
    components.responses.insert("Error".to_owned(), error_response().into());
    components.add_security_scheme("bearer", bearer());
    for (name, header) in SIGNED {
        let header =
            HeaderKey::Header(ApiKeyValue::with_description(header, "Part of a signed request; see docs/API.md."));
        components.add_security_scheme(name, SecurityScheme::ApiKey(header));
    }
    let mut document = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Parlor REST API")
                .version("1")
                .description(Some("What an app's own back ends may do: everything, within their app.")),
        )
        .paths(paths)
        .components(Some(components))
        .tags(Some(
            Tag::ALL.iter().map(|tag| TagBuilder::new().name(tag.name()).description(Some(tag.meaning())).build()),
        ))
        .build();
    document.servers = Some(vec![oa::server::Server::new("/")]);
    document
}

/// The schemes of a signed request: each names one header, and all are needed together.
const SIGNED: [(&str, &str); 4] = [
    ("signatureKey", "Parlor-Key"),
    ("signatureTimestamp", "Parlor-Timestamp"),
    ("signatureNonce", "Parlor-Nonce"),
    ("signature", "Parlor-Signature"),
];

fn bearer() -> SecurityScheme {
    SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("pk_…")
            .description(Some("A key of the app: `parlor key add APP --name NAME --scopes read,messages`."))
            .build(),
    )
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn describe(operation: &Operation) -> oa::path::Operation {
    let described = &operation.described;
    let signed =
        SIGNED.iter().fold(SecurityRequirement::default(), |all, (name, _)| all.add(*name, Vec::<String>::new()));
    let mut parameters = described.parameters.clone();
    if operation.method == Method::POST {
        parameters.push(idempotency_key());
    }
    let mut builder = OperationBuilder::new()
        .operation_id(Some(operation.name))
        .tag(operation.tag.name())
        .summary(Some(operation.summary))
        .description(Some(description(operation)))
        .security(SecurityRequirement::new("bearer", Vec::<String>::new()))
        .security(signed)
        .parameters((!parameters.is_empty()).then_some(parameters));
    if let Some(schema) = &described.body {
        let content = ContentBuilder::new().schema(Some(schema.clone())).example(operation.body_example.clone());
        let body =
            RequestBodyBuilder::new().content("application/json", content.build()).required(Some(oa::Required::True));
        builder = builder.request_body(Some(body.build()));
    }
    if described.takes_file {
        let bytes = ObjectBuilder::new().schema_type(Type::String).content_media_type("application/octet-stream");
        let content = ContentBuilder::new().schema(Some(bytes)).build();
        let body = RequestBodyBuilder::new().content("*/*", content).required(Some(oa::Required::True));
        builder = builder.request_body(Some(body.build()));
    }
    builder = builder.response(described.answer.0.to_string(), success(operation));
    for (status, codes) in errors(operation) {
        builder = builder.response(status.to_string(), failure(&codes));
    }
    builder.build()
}

fn description(operation: &Operation) -> String {
    let scope = match operation.scope {
        Some(scope) => format!("Scope: `{}`.", scope.name()),
        None => "Any key will do.".to_owned(),
    };
    let recorded = if operation.is_audited { " Written down in the audit record." } else { "" };
    let more = if operation.more.is_empty() { String::new() } else { format!("{}\n\n", operation.more) };
    format!("{more}{scope}{recorded}")
}

fn idempotency_key() -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(64));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(oa::Required::False)
        .description(Some(
            "1 to 64 visible ASCII characters: the same request under the same key is done once in 24 hours.",
        ))
        .schema(Some(schema.pattern(Some("^[!-~]+$"))))
        .build()
}

fn success(operation: &Operation) -> oa::Response {
    let (status, schema) = &operation.described.answer;
    let words = match status {
        201 => "Made.",
        204 => "Done.",
        _ => "Here it is.",
    };
    let mut response = ResponseBuilder::new().description(words);
    if let Some(schema) = schema {
        response = response.content("application/json", ContentBuilder::new().schema(Some(schema.clone())).build());
    }
    if operation.described.is_file {
        let bytes = ObjectBuilder::new().schema_type(Type::String).content_media_type(super::answer::File::MEDIA);
        response = response.content(super::answer::File::MEDIA, ContentBuilder::new().schema(Some(bytes)).build());
    }
    if *status == 201 {
        let address = HeaderBuilder::new().schema(ObjectBuilder::new().schema_type(Type::String));
        response = response.header("Location", address.description(Some("Where it is found.")).build());
    }
    response.build()
}

/// Every code that the operation can answer with, by status.
fn errors(operation: &Operation) -> BTreeMap<u16, Vec<Code>> {
    let mut codes = ALWAYS.to_vec();
    codes.extend(&operation.codes);
    if operation.path.contains('{') {
        codes.push(Code::NotFound);
    }
    // A body that nobody reads is refused for its size too.
    codes.push(Code::TooLarge);
    if operation.described.body.is_some() || operation.described.takes_file {
        codes.push(Code::UnsupportedMediaType);
    }
    if operation.method == Method::POST {
        codes.extend([Code::IdempotencyReused, Code::InProgress]);
    }
    if operation.method != Method::GET {
        codes.push(Code::StorageFull);
    }
    let mut by_status = BTreeMap::<u16, Vec<Code>>::new();
    for code in codes {
        let of_status = by_status.entry(code.status()).or_default();
        if !of_status.contains(&code) {
            of_status.push(code);
        }
    }
    by_status
}

fn failure(codes: &[Code]) -> oa::Response {
    let words: Vec<_> = codes.iter().map(|code| format!("`{}`: {}", code.name(), code.meaning().trim())).collect();
    let example = codes.first().map(|code| {
        let message = code.meaning().trim();
        serde_json::json!({ "error": { "code": code.name(), "message": message, "temporary": code.temporary() } })
    });
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Error"))).example(example);
    ResponseBuilder::new().description(words.join("\n\n")).content("application/json", content.build()).build()
}

fn error_response() -> oa::Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Error")));
    ResponseBuilder::new().description("What went wrong.").content("application/json", content.build()).build()
}

fn error_schema() -> Schema {
    let text = |words: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(words));
    let codes = Code::ALL.iter().map(|code| code.name());
    let error = ObjectBuilder::new()
        .property("code", text("Which error; a code never changes its meaning.").enum_values(Some(codes)))
        .property("message", text("What was given, what is allowed, what to do; for people."))
        .property(
            "temporary",
            ObjectBuilder::new().schema_type(Type::Boolean).description(Some("The same request may work later.")),
        )
        .property(
            "retry_after",
            ObjectBuilder::new().schema_type(Type::Integer).description(Some("Seconds after which to try again.")),
        )
        .required("code")
        .required("message")
        .required("temporary");
    ObjectBuilder::new().property("error", error).required("error").into()
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, fs, path::Path};

    use super::*;
    use crate::http::api::operations;

    #[test]
    fn the_snapshot_is_this_document() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
        if std::env::vars().any(|(name, _)| name == "UPDATE_OPENAPI") {
            fs::write(&file, text()).unwrap();
        }
        // Compared by meaning: the order of fields in examples depends on features that only tests turn on.
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
        let kept = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            read(&kept) == read(text()),
            "the API changed; run UPDATE_OPENAPI=1 cargo test --lib openapi and look at the difference"
        );
    }

    #[test]
    fn every_operation_says_what_it_does() {
        let mut names = HashSet::new();
        for operation in operations() {
            let (name, path) = (operation.name, operation.path);
            assert!(!name.is_empty() && names.insert(name), "{path}: a name of its own");
            assert!(!operation.summary.is_empty() && !operation.summary.ends_with('.'), "{name}: a summary");
            assert!(operation.described.segments.is_empty(), "{name}: every id of the address is taken");
            assert!(operation.described.answer.0 > 0, "{name}: an answer");
            assert!(path.starts_with("/v1/"), "{name}: an address under /v1");
        }
    }

    #[test]
    fn every_example_of_a_body_is_taken() {
        for operation in operations() {
            let name = operation.name;
            match (&operation.body_example, &operation.described.body) {
                (Some(example), Some(_)) => assert_eq!((operation.takes)(example), Ok(()), "{name}"),
                (None, None) => {}
                _ => panic!("{name}: a body has an example, and only a body has one"),
            }
        }
    }

    #[test]
    fn every_body_refuses_unknown_fields() {
        for operation in operations() {
            let Some(mut example) = operation.body_example.clone() else { continue };
            let Some(fields) = example.as_object_mut() else { panic!("{}: a body is an object", operation.name) };
            fields.insert("no_such_field".to_owned(), 1.into());
            assert!((operation.takes)(&example).is_err(), "{}", operation.name);
        }
    }

    #[test]
    fn every_schema_that_is_named_is_there() {
        let document: serde_json::Value = serde_json::from_str(text()).unwrap();
        for part in text().split("\"#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(document["components"]["schemas"][name].is_object(), "{name}");
        }
    }
}
