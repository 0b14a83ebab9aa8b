//! `POST /upload`: files from clients of the compatible protocol, as their upload libraries send them: a form with the
//! fields `token` (what `qnTkn` answered), `key` and `file`, in any order.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::StatusCode,
    web::{Data, Payload},
};
use serde_json::{Value, json};

use super::{form::Form, navi::open};
use crate::{
    im::{
        Im,
        files::{Place, Upload},
    },
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
    let (mut caller, mut key, mut file): (Option<Caller>, Option<String>, Option<(String, Upload)>) =
        (None, None, None);
    while let Some(part) = form.next_part().await? {
        match (part.name.as_str(), part.file_name) {
            ("token", _) => caller = Some(im.ticketed(&form.text(MAX_FIELD).await?).await?),
            ("key", _) => key = Some(form.text(MAX_FIELD).await?),
            ("file", Some(name)) => {
                if file.is_some() {
                    return Err(bad("the form has more than one `file`"));
                }
                let mut upload = match &caller {
                    Some(caller) => im.begin_upload(caller, Place::Unknown, &name, &part.media_type, None).await?,
                    None => im.begin_unclaimed_upload(&name, &part.media_type).await?,
                };
                while let Some(piece) = form.next_piece().await? {
                    upload.add(piece).await?;
                }
                file = Some((name, upload));
            }
            // Whatever else the library adds.
            _ => {}
        }
    }
    let caller = caller.ok_or_else(|| Fault::new(Code::Unauthorized, "the form has no `token`"))?;
    let (name, upload) = file.ok_or_else(|| bad("the form has no `file`"))?;
    let uploaded = im.finish_upload(&caller, upload).await?;
    let key = key.unwrap_or_else(|| uploaded.file.id.to_string());
    im.note_upload(&caller, &key, uploaded.file.id).await?;
    Ok(json!({ "key": key, "name": name, "size": uploaded.file.size, "hash": uploaded.file.id }))
}

fn bad(message: &'static str) -> Fault {
    Fault::new(Code::BadRequest, message)
}
