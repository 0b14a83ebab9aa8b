//! Long-poll over plain requests, for clients whose proxy strips `Upgrade`.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use bytestring::ByteString;
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use super::{
    extract::{Client, Json},
    socket::opening,
};
use crate::{
    config::Config,
    gateway::{
        Gateway,
        poll::{Ask, PollId, Told},
    },
    model::{Code, Fault},
};

/// The first request of a poll.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    frames: Vec<Box<RawValue>>,
}

/// Any later one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Next {
    ack: u64,
    #[serde(default)]
    frames: Vec<Box<RawValue>>,
    #[serde(default)]
    close: bool,
}

/// `POST /poll`
pub async fn begin(
    request: HttpRequest,
    client: Client,
    gateway: Data<Gateway>,
    config: Data<Config>,
    Json(begin): Json<Begin>,
) -> Result<HttpResponse, Fault> {
    if begin.frames.is_empty() {
        return Err(Fault::new(Code::BadRequest, "`frames` must hold a `hello`"));
    }
    let frames = read(&config, begin.frames)?;
    let opening = opening(request.headers(), &config.server)?;
    let admission = gateway.admit(client.network)?;
    let (id, told) = gateway.into_inner().begin_poll(opening, admission, frames).await?;
    Ok(answer(Some(id), told))
}

/// `POST /poll/{id}`
pub async fn next(
    id: Path<String>,
    gateway: Data<Gateway>,
    config: Data<Config>,
    Json(next): Json<Next>,
) -> Result<HttpResponse, Fault> {
    let id = PollId::presented(&id).ok_or_else(|| Fault::new(Code::NotFound, "there is no such poll"))?;
    let ask = Ask { ack: next.ack, frames: read(&config, next.frames)?, close: next.close };
    gateway.poll(id, ask).await.map(|told| answer(None, told))
}

/// The frames' texts, as they would have come over a socket.
fn read(config: &Config, frames: Vec<Box<RawValue>>) -> Result<Vec<ByteString>, Fault> {
    let most = config.limits.agent_frame_bytes;
    let too_large = || Fault::new(Code::TooLarge, format!("a frame is larger than {most} bytes"));
    let text = |frame: Box<RawValue>| {
        if frame.get().len() > most {
            Err(too_large())
        } else {
            Ok(ByteString::from(String::from(Box::<str>::from(frame))))
        }
    };
    frames.into_iter().map(text).collect()
}

fn answer(id: Option<PollId>, told: Told) -> HttpResponse {
    let (frames, next) = match told {
        Told::Frames(frames, next) => (frames, next),
        Told::Closed(code) => {
            return HttpResponse::Ok().json(json!({ "closed": code.number(), "reason": code.reason() }));
        }
    };
    let poll = id.map_or_else(String::new, |id| format!("\"poll\":\"{}\",", id.reveal()));
    let frames: Vec<&str> = frames.iter().map(|frame| &**frame).collect();
    let body = format!("{{{poll}\"frames\":[{}],\"next\":{next}}}", frames.join(","));
    HttpResponse::Ok().content_type("application/json; charset=utf-8").body(body)
}
