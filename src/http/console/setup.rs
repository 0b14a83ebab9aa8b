//! The first run: code, first agent, the line to paste.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::{
    csrf::AtTheDoor,
    login::{Door, door_secret, is_common, keep_door_secret},
    page::{self, Page},
    refusal, session,
};
use crate::{
    config::Config,
    http::extract::{Client, Json},
    im::{Im, accounts::NewAgent},
    model::{Code, Fault},
};

#[derive(Template)]
#[template(path = "console/setup.html")]
struct SetupPage {
    page: Page,
    door: Door,
    setup: Setup,
}

struct Setup {
    /// What the server printed, without the code: words and value.
    terminal: Vec<(String, String)>,
}

/// `GET /console/setup`: there until somebody can sign in.
pub async fn page(request: HttpRequest, im: Data<Im>, config: Data<Config>) -> Result<HttpResponse, Fault> {
    if !im.needs_setup().await? {
        return refusal::answer(&request, &Fault::new(Code::NotFound, "this server is set up already"));
    }
    let secret = door_secret(&request);
    let mut page =
        Page::new("setup", "console-setup-page", &["eye", "copy", "globe", "external"], page::locale(&request));
    page.carry(&(), Some(&secret), |key| key.starts_with("console-setup-") || is_common(key));
    let console = format!("{}/console/setup", config.server.origin());
    let mut terminal = vec![(page.text("console-setup-terminal-console"), console)];
    if let Some(demo) = demo_address(&config) {
        terminal.insert(0, (page.text("console-setup-terminal-demo"), demo));
    }
    let whole = SetupPage { page, door: Door::of(&request), setup: Setup { terminal } };
    let mut answer = whole.page.answer(&request, StatusCode::OK, &whole)?;
    keep_door_secret(&mut answer, &request, &secret);
    Ok(answer)
}

/// The demo page's address, when there is one.
pub(super) fn demo_address(config: &Config) -> Option<String> {
    config.demo.enabled.then(|| format!("http://{}", config.demo.listen))
}

/// The request's body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypedCode {
    code: String,
}

/// `POST /console/api/setup/check`: is this the code? It stays good.
pub async fn check(_: AtTheDoor, client: Client, body: Json<TypedCode>, im: Data<Im>) -> Result<HttpResponse, Fault> {
    im.check_setup_code(&body.0.code, &client.network.to_string()).await?;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// The request's body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstAgent {
    code: String,
    name: String,
    email: String,
    password: String,
}

/// `POST /console/api/setup`: uses the code, makes the first agent, signs them in, tells the line to paste.
pub async fn finish(
    _: AtTheDoor,
    client: Client,
    body: Json<FirstAgent>,
    im: Data<Im>,
    config: Data<Config>,
) -> Result<HttpResponse, Fault> {
    let Json(FirstAgent { code, name, email, password }) = body;
    let agent = NewAgent { app: None, email, name, password };
    let (caller, token) = im.set_up(&code, &client.network.to_string(), agent).await?;
    let site = im.sites(&caller.app).await?.into_iter().next();
    let line = site.map(|site| {
        let origin = config.server.origin();
        format!("<script async src=\"{origin}/w/{}.js\"></script>", site.key)
    });
    let cookie = session::agent_cookie(&token, &config.server);
    let done = json!({ "name": caller.person.name, "line": line, "demo": demo_address(&config) });
    Ok(HttpResponse::Ok().cookie(cookie).json(done))
}
