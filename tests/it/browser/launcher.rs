//! The one line on a stranger's page: what it does, and what it leaves alone.

use serde_json::json;
use thirtyfour::Key;

use super::stage::{Host, HostPage, House, Name, Stage, Tab, Visitor, journey};

/// What the page's own tools say about everything that happened on it so far.
const TRACES: &str = "return { requests: performance.getEntriesByType('resource').map((entry) => entry.name), \
    cookies: document.cookie, kept: localStorage.length + sessionStorage.length, frames: document.querySelectorAll('iframe').length }";

fn page(line: &str) -> String {
    let tag = format!("<script async src=\"{line}\"></script>");
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
        <title>Shop</title><body><main><h1>Shop</h1><p><a href=\"#x\">A link</a></p></main>{tag}"
    )
}

/// A visitor on a page of a stranger's own making; `make` gets the address of the launcher.
async fn on_a_page(stage: &Stage, house: &House, host: &Host, make: impl Fn(&str) -> HostPage) -> Visitor {
    let line = house.line_for(&host.origin()).await;
    let address = host.publishes("/", make(&line));
    let visitor = stage.visitor_named("visitor").await;
    visitor.page.goes_to(&address).await;
    visitor
}

#[tokio::test]
async fn before_the_first_press_there_is_only_a_button() {
    journey(async |stage| {
        let house = House::opens();
        house.has_somebody_in().await;
        let visitor = stage.visitor(&house).await;
        let button = visitor.page.sees("button", "Open chat").await;
        assert_eq!((button.state("haspopup"), button.state("expanded")), ("dialog", "false"));
        let traces = visitor.page.ask(TRACES, []).await.unwrap();
        let requests = traces["requests"].as_array().unwrap();
        assert_eq!(requests.len(), 1, "{traces}");
        assert!(requests[0].as_str().unwrap().starts_with(&house.server.url("/w/")), "{traces}");
        assert_eq!((&traces["cookies"], &traces["kept"]), (&json!(""), &json!(0)), "{traces}");
        visitor.opens_the_chat().await;
        let traces = visitor.page.ask(TRACES, []).await.unwrap();
        assert_eq!((&traces["cookies"], &traces["kept"]), (&json!(""), &json!(0)), "the page keeps nothing: {traces}");
        let left =
            visitor.page.ask("return Object.keys(window).filter((key) => /parlor/i.test(key))", []).await.unwrap();
        assert_eq!(left, json!(["Parlor"]), "one documented global");
    })
    .await;
}

#[tokio::test]
async fn the_keyboard_opens_writes_and_closes() {
    journey(async |stage| {
        let house = House::opens();
        house.has_somebody_in().await;
        let host = Host::start();
        let visitor = on_a_page(stage, &house, &host, |line| HostPage { html: page(line), policy: None }).await;
        visitor.page.sees("button", "Open chat").await;
        visitor.page.presses(Key::Tab).await;
        visitor.page.has_focus_on("link", "A link").await;
        visitor.page.presses(Key::Tab).await;
        visitor.page.has_focus_on("button", "Open chat").await;
        visitor.page.presses(Key::Enter).await;
        visitor.chat.has_focus_on("textbox", "Message").await;
        visitor.chat.presses("Typed, not clicked").await;
        visitor.chat.presses(Key::Enter).await;
        visitor.sees_own("Typed, not clicked").await;
        visitor.chat.has_focus_on("textbox", "Message").await;
        visitor.chat.presses(Key::Escape).await;
        visitor.page.has_focus_on("button", "Open chat").await;
        visitor.page.presses(Key::Space).await;
        visitor.chat.has_focus_on("textbox", "Message").await;
        visitor.sees_exactly(&["Typed, not clicked"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_hostile_style_sheet_changes_nothing() {
    journey(async |stage| {
        let house = House::opens();
        house.has_somebody_in().await;
        let host = Host::start();
        let hostile = "<style>*,*::before,*::after{all:unset!important;display:block!important;position:static!important;\
            font-size:40px!important;transform:rotate(9deg)!important;opacity:.3!important}\
            button,iframe,div,section{width:9px!important;height:9px!important;visibility:hidden!important}</style>";
        let html = |line: &str| page(line).replace("<title>", &format!("{hostile}<title>"));
        let visitor = on_a_page(stage, &house, &host, |line| HostPage { html: html(line), policy: None }).await;
        let [left, top, width, height] = visitor.page.sees("button", "Open chat").await.bounds();
        let view = visitor.page.ask("return [innerWidth, innerHeight]", []).await.unwrap();
        let (right, bottom) = (view[0].as_i64().unwrap() - 20, view[1].as_i64().unwrap() - 20);
        assert_eq!([left, top, width, height], [right - 56, bottom - 56, 56, 56]);
        visitor.opens_the_chat().await;
        visitor.says("All quiet in here").await;
        let [.., width, height] = visitor.page.sees("iframe", "Chat with Halden").await.bounds();
        assert!(width >= 360 && height >= 400, "{width} × {height}");
    })
    .await;
}

#[tokio::test]
async fn the_strictest_policy_is_kept() {
    journey(async |stage| {
        let house = House::opens();
        house.has_somebody_in().await;
        let host = Host::start();
        let frames = house.server.url("");
        let policy = format!(
            "default-src 'none'; script-src 'nonce-R4nd0m' 'strict-dynamic'; frame-src {frames}; require-trusted-types-for 'script'; trusted-types 'none'"
        );
        let watch = "<script nonce=\"R4nd0m\">window.broken = []; document.addEventListener('securitypolicyviolation', \
            (event) => broken.push(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample))</script>";
        let html = |line: &str| {
            page(line).replace("<title>", &format!("{watch}<title>")).replace("<script async", "<script nonce=\"R4nd0m\" async")
        };
        let visitor =
            on_a_page(stage, &house, &host, |line| HostPage { html: html(line), policy: Some(policy.clone()) }).await;
        visitor.opens_the_chat().await;
        visitor.says("Nothing is broken").await;
        visitor.sees_state("Nothing is broken", "Sent").await;
        assert_eq!(visitor.page.ask("return window.broken", []).await.unwrap(), json!([]));
    })
    .await;
}

#[tokio::test]
async fn the_line_pasted_twice_is_one_chat() {
    journey(async |stage| {
        let house = House::opens();
        house.has_somebody_in().await;
        let host = Host::start();
        let twice = |line: &str| {
            format!("{}<script async src=\"{line}\"></script><script src=\"{line}?again\"></script>", page(line))
        };
        let visitor = on_a_page(stage, &house, &host, |line| HostPage { html: twice(line), policy: None }).await;
        visitor.page.sees("button", "Open chat").await;
        visitor.opens_the_chat().await;
        assert_eq!(visitor.page.all("button", Name::has("chat")).await.len(), 1);
        assert_eq!(visitor.page.all("iframe", Name::any()).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn req_2_8_one_connection_serves_a_whole_page_life() {
    journey(async |stage| {
        let house = House::opens();
        house.has_somebody_in().await;
        let host = Host::start();
        let once = |line: &str| HostPage { html: page(line), policy: None };
        let visitor = on_a_page(stage, &house, &host, once).await;
        visitor.opens_the_chat().await;
        visitor.says("First").await;
        visitor.sees_state("First", "Sent").await;
        for _ in 0..3 {
            visitor.chat.presses(Key::Escape).await;
            visitor.opens_the_chat().await;
        }
        visitor.says("Second").await;
        visitor.sees_state("Second", "Sent").await;
        let figures = reqwest::get(house.server.metrics_url()).await.unwrap().text().await.unwrap();
        assert!(figures.contains("\nparlor_connections 2\n"), "the visitor and somebody who is in: {figures}");
        let sockets = "return performance.getEntriesByType('resource').filter((e) => e.name.includes('/w/')).length";
        assert_eq!(visitor.page.ask(sockets, []).await.unwrap(), json!(2), "the line and one frame, loaded once");
    })
    .await;
}

#[tokio::test]
async fn on_a_phone_it_is_the_whole_screen_and_back_closes_it() {
    journey(async |stage| {
        let house = House::opens();
        house.has_somebody_in().await;
        let visitor = stage.visitor_named("visitor").await;
        visitor.page.browser.screen(390, 844, 1, true).await;
        // As in browsers in which a page hears of Back only by its history.
        visitor.page.browser.before_everything("delete window.CloseWatcher").await;
        visitor.page.goes_to(&house.demo_page()).await;
        visitor.opens_the_chat().await;
        visitor.page.sees_that("iframe", "Chat with Halden", |seen| seen.bounds() == [0, 0, 390, 844]).await;
        visitor.page.sees_that("dialog", "Chat with Halden", |seen| seen.state("modal") == "true").await;
        assert!(visitor.page.all("heading", Name::any()).await.is_empty(), "the page behind rests");
        visitor.says("From the bus").await;
        visitor.page.goes_back().await;
        visitor.page.sees("button", "Open chat").await;
        visitor.page.sees("heading", Name::starts("One good lamp")).await;
        visitor.opens_the_chat().await;
        visitor.sees_exactly(&["From the bus"]).await;
        visitor.chat.clicks("button", "Close chat").await;
        visitor.page.has_focus_on("button", "Open chat").await;
        visitor.page.goes_back().await;
        assert_ne!(visitor.page.address().await, house.demo_page(), "closing by hand leaves no step behind");
    })
    .await;
}

#[tokio::test]
async fn the_demo_page_fits_every_screen() {
    journey(async |stage| {
        let house = House::opens();
        let visitor = stage.visitor(&house).await;
        for (width, height, phone) in [(1280, 800, false), (390, 844, true), (320, 640, true)] {
            visitor.page.browser.screen(width, height, 1, phone).await;
            visitor.page.reloads().await;
            visitor.page.sees("heading", "One good lamp changes the whole room").await;
            visitor.page.sees("button", "Open chat").await;
            let wider = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(visitor.page.ask(wider, []).await.unwrap(), json!(0), "{width} px");
        }
    })
    .await;
}

#[tokio::test]
async fn it_speaks_the_visitors_language() {
    journey(async |stage| {
        let house = House::opens();
        house.has_somebody_in().await;
        let browser = stage.browser_in("visitor", "zh-CN,zh").await;
        let visitor = Visitor::new(Tab::first(browser).await);
        visitor.page.goes_to(&house.demo_page()).await;
        visitor.page.clicks("button", "打开对话").await;
        visitor.page.sees("iframe", "与Halden对话").await;
        visitor.chat.types("textbox", "输入消息", "你好").await;
        visitor.chat.presses(Key::Enter).await;
        visitor.chat.sees("article", Name::has("你好")).await;
        assert_eq!(visitor.chat.ask("return document.documentElement.lang", []).await.unwrap(), json!("zh-CN"));
    })
    .await;
}
