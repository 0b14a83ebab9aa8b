//! Everything that was said in one hour, as a ZIP file of lines (compatible protocol, "Messages", `message/history`).

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::header,
    web::{Data, Path},
};
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use serde_json::{json, value::RawValue};

use super::{
    ServerApi,
    call::Call,
    form::Form,
    operation::{Operation, Outcome},
    refusal::Refusal,
    show,
    zip::Zip,
};
use crate::{
    im::{Im, backend::export::Export},
    model::{AppKey, Code, Fault, Kind, Message, MessageUid, ObjectName, UserId, calendar::Hour},
};

/// Where the file is.
pub(super) const ADDRESS: &str = "/message/history/{slip}/{name}.zip";
/// For so long the address works. Asking again gives another one.
const LIVES_SECS: i64 = 3600;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::form("message/history", history)
            .needs(&["date"])
            .example("date=2026010100")
            .says("The address of a ZIP file with the messages of one hour of UTC, made while it is sent"),
        Operation::form("message/history/delete", delete)
            .needs(&["date"])
            .example("date=2026010100")
            .says("Taken: there is no file that is kept"),
    ]
}

fn hour(form: &Form) -> Result<Hour, Refusal> {
    form.need("date")?.parse().map_err(|_| Refusal::parameter("`date` is an hour of UTC, such as 2026112304"))
}

async fn history(call: Call, form: Form) -> Outcome {
    let hour = hour(&form)?;
    let is_empty = call.backend().is_empty_hour(hour).await?;
    call.record("exportHour", &hour.to_string()).await?;
    let url = if is_empty { String::new() } else { address(&call, hour) };
    Ok(json!({ "url": url, "date": hour.to_string() }))
}

fn address(call: &Call, hour: Hour) -> String {
    let until = call.im.now().plus_secs(LIVES_SECS);
    let slip = call.api.history.sign(&format!("{} {hour}", call.key()), until);
    format!("{}/message/history/{slip}/{hour}.zip", call.config.server.origin())
}

async fn delete(_: Call, form: Form) -> Outcome {
    hour(&form)?;
    super::call::done()
}

/// The file behind an address that was given out.
pub(super) async fn download(request: HttpRequest, path: Path<(String, String)>) -> HttpResponse {
    let (Some(im), Some(api)) = (request.app_data::<Data<Im>>(), request.app_data::<Data<ServerApi>>()) else {
        return crate::http::error::internal().error_response();
    };
    let (slip, _) = path.into_inner();
    let named = api.history.check(&slip, im.now()).and_then(|text| {
        let (app, hour) = text.split_once(' ')?;
        Some((app.parse::<AppKey>().ok()?, hour.parse::<Hour>().ok()?))
    });
    let Some((app, hour)) = named else {
        return Fault::new(Code::NotFound, "there is no such file, or its address is too old").error_response();
    };
    match im.backend(&app).begin_export(hour).await {
        Ok(export) => file(im.clone(), app, hour, export),
        Err(fault) => fault.error_response(),
    }
}

/// What is still to be sent.
enum Rest {
    Head(Bytes),
    Lines,
    End,
}

fn file(im: Data<Im>, app: AppKey, hour: Hour, export: Export) -> HttpResponse {
    let (zip, head) = Zip::begin(format!("{app}-{hour}.txt"));
    let parts = stream::try_unfold((Rest::Head(head), Some(zip), export), move |(rest, zip, mut export)| {
        let (im, app) = (im.clone(), app.clone());
        async move {
            let Some(mut zip) = zip else { return Ok::<_, Fault>(None) };
            let bytes = match rest {
                Rest::Head(head) => return Ok(Some((head, (Rest::Lines, Some(zip), export)))),
                Rest::Lines => match im.backend(&app).exported(&mut export).await? {
                    Some(messages) => zip.add(&lines(&app, &messages)?)?,
                    None => return Ok(Some((Bytes::new(), (Rest::End, Some(zip), export)))),
                },
                Rest::End => return Ok(Some((zip.finish()?, (Rest::End, None, export)))),
            };
            Ok(Some((bytes, (Rest::Lines, Some(zip), export))))
        }
    });
    HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{hour}.zip\"")))
        .streaming(parts)
}

/// One line, under the original names.
#[derive(Serialize)]
struct Line<'m> {
    #[serde(rename = "appId")]
    app: &'m AppKey,
    #[serde(rename = "fromUserId")]
    from: &'m UserId,
    #[serde(rename = "targetId")]
    target: &'m str,
    #[serde(rename = "targetType")]
    kind: u8,
    #[serde(rename = "GroupId")]
    group: &'m str,
    classname: &'m ObjectName,
    content: &'m RawValue,
    #[serde(rename = "dateTime")]
    at: String,
    #[serde(rename = "msgUID")]
    uid: MessageUid,
}

fn lines(app: &AppKey, messages: &[(Message, Kind, Option<String>)]) -> Result<Vec<u8>, Fault> {
    let mut lines = Vec::new();
    for (message, kind, target) in messages {
        let target = target.as_deref().unwrap_or_default();
        let line = Line {
            app,
            from: &message.from.id,
            target,
            kind: kind.number(),
            group: if kind.has_members() { target } else { "" },
            classname: &message.content.name,
            content: message.content.raw(),
            at: show::to_the_millisecond(message.at),
            uid: message.uid,
        };
        lines.extend(line.at.as_bytes());
        lines.push(b' ');
        serde_json::to_writer(&mut lines, &line).map_err(|_| crate::http::error::internal())?;
        lines.push(b'\n');
    }
    Ok(lines)
}
