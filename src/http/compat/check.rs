//! `/compat/connect-check` and `/compat/api-test`: pages that drive an SDK, which is loaded from wherever their user says.
//!
//! The SDK is a stranger's script. It runs in a frame of its own (`/compat/runner`) whose policy gives it an origin that
//! is nobody's: it sees no cookie, no storage and no page of ours, draws nothing that people see, runs only the
//! addresses that were named, and asks only the servers that were named. The page around it, in whose address bar our
//! name stands, runs only our own scripts and shows what the frame says as text. The frame answers nobody but those
//! pages, so that a link cannot lead there.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::HeaderMap,
    web::{Data, Query},
};
use askama::{Template, filters::Safe};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::{
    config::Config,
    http::{
        assets, error,
        extract::SameOrigin,
        headers::{self, Nonce},
        page::{self, page_data},
    },
    model::{Code, Fault},
};

/// Most addresses of scripts, and most servers.
const MOST: usize = 6;
const LONGEST: usize = 500;

#[derive(Template)]
#[template(path = "compat/check.html")]
struct CheckPage<'a> {
    nonce: &'a str,
    icon: String,
    style: String,
    script: String,
    server: String,
    /// Whether it tests every function, or connects and shows what arrives.
    tests: bool,
}

/// `GET /compat/connect-check`
pub(in crate::http) async fn connect_check(request: HttpRequest, config: Data<Config>) -> Result<HttpResponse, Fault> {
    shown(&request, &config, false)
}

/// `GET /compat/api-test`
pub(in crate::http) async fn api_test(request: HttpRequest, config: Data<Config>) -> Result<HttpResponse, Fault> {
    shown(&request, &config, true)
}

fn shown(request: &HttpRequest, config: &Config, tests: bool) -> Result<HttpResponse, Fault> {
    if !config.compatible.checks {
        return Err(off());
    }
    let nonce = Nonce::random();
    let page = CheckPage {
        nonce: nonce.as_str(),
        icon: assets::url("icon.svg"),
        style: assets::url("check.css"),
        script: assets::url(if tests { "api-test.js" } else { "connect-check.js" }),
        server: config.server.origin(),
        tests,
    };
    let html = page.render().map_err(|_| error::internal())?;
    let mut answer = HttpResponse::Ok();
    headers::check_page(&nonce, &config.server).set(&mut answer);
    Ok(page::html(request, answer, html))
}

/// What the frame is asked for: addresses, separated by white space.
#[derive(Debug, Deserialize)]
pub(in crate::http) struct Wanted {
    /// Scripts to load, in their order.
    sdk: String,
    /// Scripts that those load themselves.
    #[serde(default)]
    more: String,
    /// Origins of servers that may be asked.
    servers: String,
}

#[derive(Template)]
#[template(path = "compat/runner.html")]
struct Runner<'a> {
    nonce: &'a str,
    script: String,
    scripts: Vec<String>,
    data: Safe<String>,
}

#[derive(Serialize)]
struct RunnerData {
    origin: String,
}

/// `GET /compat/runner`
pub(in crate::http) async fn runner(
    request: HttpRequest,
    wanted: Query<Wanted>,
    config: Data<Config>,
) -> Result<HttpResponse, Fault> {
    if !config.compatible.checks {
        return Err(off());
    }
    in_a_frame_of_ours(request.headers(), &config)?;
    let scripts = scripts(&wanted.sdk)?;
    if scripts.is_empty() {
        return Err(bad("name the address of the SDK"));
    }
    let allowed: Vec<String> = scripts.iter().cloned().chain(self::scripts(&wanted.more)?).collect();
    let servers = servers(&wanted.servers)?;
    let nonce = Nonce::random();
    let origin = config.server.origin();
    let page = Runner {
        nonce: nonce.as_str(),
        script: assets::url("runner.js"),
        scripts,
        data: page_data(&RunnerData { origin }),
    };
    let html = page.render().map_err(|_| error::internal())?;
    let mut answer = HttpResponse::Ok();
    headers::runner(&nonce, &allowed, &servers).set(&mut answer);
    Ok(page::html(&request, answer, html))
}

/// A link, a form or a stranger's page must not run a script under our name: only our own page's frame does.
fn in_a_frame_of_ours(headers: &HeaderMap, config: &Config) -> Result<(), Fault> {
    SameOrigin::check(headers, &config.server)?;
    let framed = headers.get("sec-fetch-dest").is_some_and(|to| to == "iframe");
    if framed {
        Ok(())
    } else {
        Err(Fault::new(Code::OriginRefused, "this is shown in a frame of the check pages only"))
    }
}

/// Addresses of scripts: over TLS, or on this machine. Nothing in them can end a source of a policy.
fn scripts(list: &str) -> Result<Vec<String>, Fault> {
    let read = |text: &str| {
        let url = secure(text).ok_or_else(|| bad("an SDK's address begins with https://, or lies on this machine"))?;
        let plain = url.as_str().bytes().all(|b| b.is_ascii_graphic() && !b";,'\"<>\\`^{|}*".contains(&b));
        let file = url.fragment().is_none() && !url.path().ends_with('/');
        if plain && file { Ok(url.to_string()) } else { Err(bad("an SDK's address has signs that it may not have")) }
    };
    few(list)?.map(read).collect()
}

/// Origins of servers, each for requests and for sockets.
fn servers(list: &str) -> Result<Vec<String>, Fault> {
    let read = |text: &str| {
        let url =
            secure(text).ok_or_else(|| bad("a server's address begins with https://, or lies on this machine"))?;
        let origin = url.origin().ascii_serialization();
        Ok([origin.replacen("http", "ws", 1), origin])
    };
    Ok(few(list)?.map(read).collect::<Result<Vec<_>, Fault>>()?.into_iter().flatten().collect())
}

fn few(list: &str) -> Result<impl Iterator<Item = &str>, Fault> {
    let all: Vec<&str> = list.split_whitespace().collect();
    if all.len() > MOST || all.iter().any(|one| one.len() > LONGEST) {
        return Err(bad("these are more or longer addresses than are taken"));
    }
    Ok(all.into_iter())
}

fn secure(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let here = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let known = url.scheme() == "https" || (url.scheme() == "http" && here);
    (known && url.username().is_empty() && url.password().is_none()).then_some(url)
}

fn off() -> Fault {
    Fault::new(Code::NotFound, "the check pages are switched off on this server")
}

fn bad(message: &'static str) -> Fault {
    Fault::new(Code::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_widen_the_policy() {
        let good = ["https://cdn.example/sdk-4.6.4.js", "http://127.0.0.1:9000/a/b.js", "http://localhost/x.js?v=2"];
        assert_eq!(scripts(&good.join("\n")).unwrap(), good);
        for evil in [
            "http://cdn.example/sdk.js",
            "https://cdn.example/",
            "https://cdn.example/a;script-src",
            "https://cdn.example/a,b.js",
            "https://cdn.example/'unsafe-inline'",
            "https://cdn.example/*",
            "https://*.example/a.js",
            "https://user:word@cdn.example/a.js",
            "https://cdn.example/a.js#x",
            "data:text/javascript,alert(1)",
            "javascript:alert(1)",
            "blob:https://cdn.example/1",
            "//cdn.example/a.js",
            "'unsafe-eval'",
        ] {
            assert!(scripts(evil).is_err(), "{evil}");
        }
        assert!(scripts(&["https://cdn.example/a.js"; MOST + 1].join(" ")).is_err());
    }

    #[test]
    fn servers_are_named_for_requests_and_sockets() {
        let named = servers("https://chat.example.com/path http://127.0.0.1:8080").unwrap();
        assert_eq!(
            named,
            ["wss://chat.example.com", "https://chat.example.com", "ws://127.0.0.1:8080", "http://127.0.0.1:8080"]
        );
        assert!(servers("http://chat.example.com").is_err());
    }
}
