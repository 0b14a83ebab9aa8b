//! Where clients of the compatible protocol learn which server to use, and whether they may.
//!
//! A wrong token is told here: a refused connection blocks the page, a refused navigation does not.
//! Source: compatible protocol, "Navigation and choice of server".

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::StatusCode,
    web::{Data, Query},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::reach::Reach;
use crate::{
    auth::Token,
    config::Config,
    im::Im,
    model::{AppKey, Caller, Code, Command, ConnectionId, Fault, Reply, Role},
};

/// Longest name of a callback.
const MAX_CALLBACK: usize = 64;

/// What a client asks with. Further parameters are of no use here.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(rename = "appId", alias = "appKey", default)]
    app: String,
    #[serde(default)]
    token: String,
    #[serde(rename = "callBack")]
    callback: Option<String>,
    /// The client's version.
    #[serde(default)]
    v: String,
}

impl Asked {
    /// The client is of a later generation than the second. It tells its page of a wrong token only when the
    /// connection is refused; any refusal here looks to it like a server that is away.
    fn is_later(&self) -> bool {
        self.v.split('.').next().and_then(|major| major.parse::<u16>().ok()).is_some_and(|major| major > 2)
    }
}

/// `GET /navi.js`, `GET /cometnavi.js`
pub async fn navi(request: HttpRequest, asked: Query<Asked>, im: Data<Im>, config: Data<Config>) -> HttpResponse {
    let Some(callback) = callback(&asked, "getServerEndpoint") else { return refused(StatusCode::BAD_REQUEST) };
    let user = match caller(&im, &asked).await {
        Ok(caller) => caller.id().to_string(),
        Err(fault) if asked.is_later() && status(&fault) == StatusCode::UNAUTHORIZED => String::new(),
        Err(fault) => return refused(status(&fault)),
    };
    let server = Reach::of(request.headers(), &config.server).host;
    wrapped(
        callback,
        &json!({
            "code": 200,
            "userId": user,
            "server": server,
            // Never empty: an empty entry costs the client 15 s when it connects again.
            "backupServer": server,
            // There are no calls.
            "voipCallInfo": json!({ "strategy": 0, "callEngine": [] }).to_string(),
            "openMp": 0,
            // For upload libraries: a form goes there, see `upload`.
            "uploadServer": format!("{server}/upload"),
            "kvStorage": 1,
            "historyMsg": true,
            "chatroomMsg": true,
        }),
    )
}

/// `GET /ping`: that somebody answers is all that a client wants to know.
pub async fn ping() -> HttpResponse {
    open(StatusCode::OK).content_type("text/plain; charset=utf-8").body("ok")
}

/// `GET /message/exist.js`: whether anything is unread.
pub async fn exist(asked: Query<Asked>, im: Data<Im>) -> HttpResponse {
    let Some(callback) = callback(&asked, "RCCallback") else { return refused(StatusCode::BAD_REQUEST) };
    let caller = match caller(&im, &asked).await {
        Ok(caller) => caller,
        Err(fault) => return refused(status(&fault)),
    };
    let unread = match im.command(&caller, ConnectionId(0), Command::Unread(Vec::new())).await {
        Ok(Reply::Unread(unread)) => unread.total > 0,
        _ => false,
    };
    wrapped(callback, &json!({ "status": if unread { "1" } else { "0" } }))
}

/// The user whose token this is, of the app that is named.
async fn caller(im: &Im, asked: &Asked) -> Result<Caller, Fault> {
    let wrong_app = || Fault::new(Code::Forbidden, "no app has this key");
    let wrong_token = || Fault::new(Code::Unauthorized, "the token is wrong, or its time is over");
    let app: AppKey = asked.app.parse().map_err(|_| wrong_app())?;
    if !im.has_app(&app).await? {
        return Err(wrong_app());
    }
    // Later clients write the servers to ask after the token.
    let token = asked.token.split('@').next().and_then(Token::presented).ok_or_else(wrong_token)?;
    let found = im.authenticate(&token).await?.filter(|found| found.caller.person.role == Role::User);
    found.map(|found| found.caller).filter(|caller| caller.app == app).ok_or_else(wrong_token)
}

/// Clients know two refusals; after any other they ask again. A blocked user is told by the refused connection.
fn status(fault: &Fault) -> StatusCode {
    match fault.code {
        Code::Unauthorized | Code::UserBlocked => StatusCode::UNAUTHORIZED,
        Code::Forbidden => StatusCode::FORBIDDEN,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The name of the function that takes the answer. It becomes part of a script: only plain names are taken.
fn callback<'a>(asked: &'a Asked, usual: &'a str) -> Option<&'a str> {
    let name = asked.callback.as_deref().unwrap_or(usual);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.$".contains(&byte);
    ((1..=MAX_CALLBACK).contains(&name.len()) && name.bytes().all(plain)).then_some(name)
}

/// A script that hands the answer over. `);` would end it early for clients that read it as text.
fn wrapped(callback: &str, answer: &Value) -> HttpResponse {
    let answer = answer.to_string().replace(");", ")\\u003b");
    open(StatusCode::OK).content_type("text/javascript; charset=utf-8").body(format!("{callback}({answer});"))
}

/// Bare JSON: clients read a refusal without the callback.
fn refused(status: StatusCode) -> HttpResponse {
    open(status).json(json!({ "code": status.as_u16() }))
}

/// Pages everywhere may read it. No cookie counts here, so that nothing is given away.
pub(super) fn open(status: StatusCode) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer.insert_header(("access-control-allow-origin", "*"));
    answer.insert_header(("cross-origin-resource-policy", "cross-origin"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Option<String> {
        callback(&asked(Some(name), ""), "usual").map(str::to_owned)
    }

    fn asked(callback: Option<&str>, version: &str) -> Asked {
        let callback = callback.map(str::to_owned);
        Asked { app: String::new(), token: String::new(), callback, v: version.to_owned() }
    }

    #[test]
    fn generations_are_told_by_their_versions() {
        for (version, later) in [("", false), ("2.5.3", false), ("2.11.2", false), ("3.0.7", true), ("4.6.4", true)] {
            assert_eq!(asked(None, version).is_later(), later, "{version}");
        }
    }

    #[test]
    fn check_02_only_plain_names_are_called_back() {
        for name in ["getServerEndpoint", "a.b_c$9", &"x".repeat(64)] {
            assert_eq!(named(name).as_deref(), Some(name));
        }
        for name in ["", "alert(1)//", "a b", "a;b", "<script>", "ä", &"x".repeat(65)] {
            assert_eq!(named(name), None, "{name}");
        }
    }

    #[actix_web::test]
    async fn no_value_ends_the_script_early() {
        let answer = wrapped("f", &json!({ "a": "x);y" }));
        let body = actix_web::body::to_bytes(answer.into_body()).await.unwrap();
        assert_eq!(body, r#"f({"a":"x)\u003by"});"#);
    }
}
