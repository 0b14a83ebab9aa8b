//! `POST /upload`: files from clients of the compatible protocol, as their upload libraries send them: a form with the
//! fields `token` (what `qnTkn` answered), `key` and `file`, in this order.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::StatusCode,
    web::{Data, Payload},
};
use serde_json::{Value, json};

use super::{form::Form, navi::open};
use crate::{
    im::{Im, files::Place},
    model::{Caller, Code, Fault},
};

/// Longest field besides the file.
const MAX_FIELD: usize = 1 << 10;

/// `POST /upload`
pub async fn upload(request: HttpRequest, body: Payload, im: Data<Im>) -> HttpResponse {
    match take(&request, body, &im).await {
        Ok(answer) => open(StatusCode::OK).json(answer),
        // Qiniu's form: what went wrong stands in `error`.
        Err(fault) => open(fault.status_code()).json(json!({ "error": fault.message, "code": fault.code.name() })),
    }
}

/// `OPTIONS /upload`: pages that show how far an upload is ask first.
pub async fn allow() -> HttpResponse {
    open(StatusCode::NO_CONTENT)
        .insert_header(("access-control-allow-methods", "POST"))
        .insert_header(("access-control-allow-headers", "authorization, content-type, x-requested-with"))
        .insert_header(("access-control-max-age", "600"))
        .finish()
}

async fn take(request: &HttpRequest, body: Payload, im: &Im) -> Result<Value, Fault> {
    let mut form = Form::new(request.headers(), body)?;
    let (mut caller, mut key): (Option<Caller>, Option<String>) = (None, None);
    while let Some(part) = form.next_part().await? {
        match (part.name.as_str(), part.file_name) {
            ("token", _) => caller = Some(im.ticketed(&form.text(MAX_FIELD).await?).await?),
            ("key", _) => key = Some(form.text(MAX_FIELD).await?),
            ("file", Some(name)) => {
                let caller = caller.ok_or_else(|| bad("`token` must stand before `file`"))?;
                let mut upload = im.begin_upload(&caller, Place::Unknown, &name, &part.media_type, None).await?;
                while let Some(piece) = form.next_piece().await? {
                    upload.add(piece).await?;
                }
                let uploaded = im.finish_upload(&caller, upload).await?;
                let key = key.unwrap_or_else(|| uploaded.file.id.to_string());
                im.note_upload(&caller, &key, uploaded.file.id)?;
                return Ok(json!({ "key": key, "name": name, "size": uploaded.file.size, "hash": uploaded.file.id }));
            }
            // Whatever else the library adds.
            _ => {}
        }
    }
    Err(bad("the form has no `file`"))
}

fn bad(message: &'static str) -> Fault {
    Fault::new(Code::BadRequest, message)
}
