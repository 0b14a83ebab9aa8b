//! Scripts, styles and sounds from `static/dist`, under names that change with their content.
//!
//! Debug builds read the folder, release builds carry it; either way it is what ships.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, EntityTag, Header, HeaderMap, IfNoneMatch},
    web::Path,
};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use rust_embed::RustEmbed;

use super::headers;
use crate::model::{Code, Fault};

#[derive(RustEmbed)]
#[folder = "static/dist"]
#[allow_missing = true]
struct Dist;

/// A file of `static/dist`.
pub struct Asset {
    name: String,
    file: rust_embed::EmbeddedFile,
}

/// The file with this name.
pub fn get(name: &str) -> Option<Asset> {
    let is_variant = name.rsplit_once('.').is_some_and(|(_, ending)| ending == "br");
    let file = if is_variant { None } else { Dist::get(name) }?;
    Some(Asset { name: name.to_owned(), file })
}

/// The text of a file, for those that are parts of others.
pub(super) fn text(name: &str) -> Option<String> {
    String::from_utf8(get(name)?.file.data.into_owned()).ok()
}

/// The address of a file: `/assets/<hash>/<name>`.
pub fn url(name: &str) -> String {
    let hash = get(name).map(|asset| asset.hash());
    debug_assert!(hash.is_some(), "static/dist/{name} is missing; run scripts/build-static");
    format!("/assets/{}/{name}", hash.as_deref().unwrap_or("missing"))
}

impl Asset {
    /// Twelve symbols that change with the content.
    pub fn hash(&self) -> String {
        let hash = self.file.metadata.sha256_hash();
        HEXLOWER.encode(hash.first_chunk::<6>().expect("SHA-256 has 32 bytes"))
    }

    /// Answers with the file: compressed when the browser takes it, 304 when it has it.
    /// `immutable` when the address contains the hash.
    pub fn answer(self, request: &HttpRequest, immutable: bool) -> HttpResponse {
        let tag = EntityTag::new_strong(self.hash());
        let mut answer = HttpResponse::Ok();
        headers::asset(immutable).set(&mut answer);
        answer.insert_header(header::ETag(tag.clone())).insert_header((header::VARY, "accept-encoding"));
        if has(request, &tag) {
            return answer.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
        }
        let compressed = takes_brotli(request.headers()).then(|| Dist::get(&format!("{}.br", self.name))).flatten();
        let file = match compressed {
            Some(file) => {
                answer.insert_header((header::CONTENT_ENCODING, "br"));
                file
            }
            None => self.file,
        };
        let data = match file.data {
            std::borrow::Cow::Borrowed(data) => Bytes::from_static(data),
            std::borrow::Cow::Owned(data) => Bytes::from(data),
        };
        answer.content_type(media_type(&self.name)).body(data)
    }
}

/// `GET /assets/{hash}/{name}`
pub(super) async fn serve(request: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse, Fault> {
    let (hash, name) = path.into_inner();
    let asset = get(&name).filter(|asset| asset.hash() == hash);
    let asset = asset.ok_or_else(|| Fault::new(Code::NotFound, "there is no such file (any more)"))?;
    Ok(asset.answer(&request, true))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml; charset=utf-8",
        "webp" => "image/webp",
        "png" => "image/png",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        _ => "application/octet-stream",
    }
}

pub(super) fn takes_brotli(headers: &HeaderMap) -> bool {
    let encodings = headers.get_all(header::ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    encodings.flat_map(|list| list.split(',')).any(|one| {
        let (coding, weight) = one.split_once(';').map_or((one, ""), |(coding, weight)| (coding, weight.trim()));
        coding.trim().eq_ignore_ascii_case("br") && !matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

pub(super) fn has(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|other| other.weak_eq(tag)),
        Err(_) => false,
    }
}
