//! Files that messages of the back end name.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::Json,
    call::Call,
    input::{Incoming, Query},
    operation::{Operation, Tag},
};
use crate::{
    http::files::take_in,
    im::files::Uploaded,
    model::{Code, Fault, FileId, Scope, UserId, file::FileKind},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/v1/files", upload)
            .named("uploadFile")
            .of(Tag::Messages)
            .needs(Scope::Files)
            .says("Takes a file in, for a message in somebody's name")
            .explains(
                "The body is the file itself, `Content-Type` what you take it for. A picture is written anew without \
                 metadata and gets a thumbnail. Then send a message `from` the same person that names it, such as \
                 `RC:ImgMsg` with the `thumbnail` as `content` and the `reference` as `imageUri`, or `RC:FileMsg` with \
                 the `reference` as `fileUrl`. The file belongs to the conversation of the first message that names it; \
                 for another one upload it again. One that no message names goes after a day. With a signed request at \
                 most 256 KiB; with the key as much as the server takes. `Idempotency-Key` compares the address and the \
                 length, not the bytes.",
            )
            .fails(&[Code::NotFound, Code::TooLarge, Code::UnsupportedMediaType]),
    ]
}

/// Whose file, and what it is called.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct UploadQuery {
    /// Who will send the message that names it.
    #[param(value_type = String, min_length = 1, max_length = 64)]
    from: UserId,
    /// What it is called, such as `invoice.pdf`.
    #[param(min_length = 1, max_length = 255)]
    name: String,
}

/// A file that was taken in, with what a message about it needs.
#[derive(Serialize, ToSchema)]
#[schema(as = UploadedFile)]
struct UploadedView {
    #[schema(value_type = String)]
    file: FileId,
    /// What a message names it by.
    reference: String,
    /// `image`, `voice`, `video` or `file`.
    #[schema(value_type = String)]
    kind: FileKind,
    name: String,
    /// Its media type, as it is served.
    r#type: &'static str,
    /// In bytes.
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    /// A small JPEG of a picture in base64, without a prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail: Option<String>,
}

async fn upload(call: Call, (Query(query), file): (Query<UploadQuery>, Incoming)) -> Result<Json<UploadedView>, Fault> {
    let Incoming { bytes, media_type, size } = file;
    let (caller, upload) = call.backend().begin_upload(&query.from, &query.name, &media_type, size).await?;
    let upload = take_in(upload, bytes, size).await?;
    let Uploaded { file, thumbnail } = call.backend().finish_upload(&caller, upload).await?;
    let (width, height) = file.pixels.unzip();
    Ok(Json(UploadedView {
        file: file.id,
        reference: file.id.reference(),
        kind: file.media_type.kind(),
        name: file.name.as_str().to_owned(),
        r#type: file.media_type.name(),
        size: file.size,
        width,
        height,
        thumbnail,
    }))
}
