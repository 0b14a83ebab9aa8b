//! `GET /files/{token}/{name}`: the bytes behind a link, harmless to whoever opens it (F4).

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    body::SizedStream,
    http::{Method, StatusCode, header},
    web::{Data, Path},
};
use futures_util::stream;

use super::range::{Wanted, wanted};
use crate::{
    im::Im,
    model::{Fault, File, file::percent_encoded},
};

/// Whatever the file is, nothing in it runs, loads or is framed.
const POLICY: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

/// `GET /files/{token}/{name}`. The name is for the eye only: the token says which file.
pub(in crate::http) async fn serve(
    request: HttpRequest,
    path: Path<(String, String)>,
    im: Data<Im>,
) -> Result<HttpResponse, Fault> {
    let (token, _) = path.into_inner();
    let (_, file) = im.linked_file(&token).await?;
    let (status, part) = match wanted(request.headers(), file.size) {
        Wanted::Whole => (StatusCode::OK, 0..file.size),
        Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Wanted::Nothing => {
            let mut answer = HttpResponse::RangeNotSatisfiable();
            // A body of its own: this is an answer, not one of our faults.
            return Ok(answer
                .insert_header((header::CONTENT_RANGE, format!("bytes */{}", file.size)))
                .body("no such part"));
        }
    };
    let mut answer = HttpResponse::build(status);
    describe(&mut answer, &file);
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {}-{}/{}", part.start, part.end - 1, file.size);
        answer.insert_header((header::CONTENT_RANGE, range));
    }
    let length = part.end - part.start;
    if request.method() == Method::HEAD {
        let nothing = stream::empty::<std::io::Result<bytes::Bytes>>();
        return Ok(answer.body(SizedStream::new(length, nothing)));
    }
    let pieces = im.file_bytes(&file, part).await?;
    Ok(answer.body(SizedStream::new(length, pieces)))
}

fn describe(answer: &mut HttpResponseBuilder, file: &File) {
    let way = if file.media_type.is_inline() { "inline" } else { "attachment" };
    let name = percent_encoded(file.name.as_str());
    answer
        .content_type(file.media_type.name())
        .insert_header((header::CONTENT_DISPOSITION, format!("{way}; filename*=UTF-8''{name}")))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header(("cross-origin-resource-policy", "same-site"))
        .insert_header((header::ACCEPT_RANGES, "bytes"));
}
