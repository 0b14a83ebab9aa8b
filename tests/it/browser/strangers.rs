//! Pages with loaders and globals of their own, and the page by which a developer checks a connection.

use serde_json::json;

use super::stage::{Host, HostPage, House, Name, Stage, Visitor, journey};
use crate::harness::People;

/// A visitor on a page that ran `script` before our line.
async fn on_a_page_with(stage: &Stage, house: &House, host: &Host, script: &str) -> Visitor {
    let line = house.line_for(&host.origin()).await;
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
        <title>Shop</title><script>{script}</script><body><main><h1>Shop</h1></main><script async src=\"{line}\"></script>"
    );
    let address = host.publishes("/", HostPage { html, policy: None });
    let visitor = stage.visitor_named("visitor").await;
    visitor.page.goes_to(&address).await;
    visitor
}

#[tokio::test]
async fn req_1_2_the_line_works_beside_an_amd_loader() {
    journey(async |stage| {
        let house = House::opens();
        house.has_somebody_in().await;
        let host = Host::start();
        let loader = "window.defined = []; window.define = function () { defined.push(arguments) }; define.amd = {}; \
            window.require = window.requirejs = function () { throw new Error('not for you') }";
        let visitor = on_a_page_with(stage, &house, &host, loader).await;
        visitor.opens_the_chat().await;
        visitor.says("Beside a loader").await;
        visitor.sees_state("Beside a loader", "Sent").await;
        assert_eq!(visitor.page.ask("return window.defined.length", []).await.unwrap(), json!(0));
    })
    .await;
}

#[tokio::test]
async fn req_1_3_the_line_works_where_module_exports_and_require_exist() {
    journey(async |stage| {
        let house = House::opens();
        house.has_somebody_in().await;
        let host = Host::start();
        let globals = "window.module = { exports: {} }; window.exports = module.exports; window.global = window; \
            window.process = { versions: { node: '24' } }; window.require = () => { throw new Error('not for you') }";
        let visitor = on_a_page_with(stage, &house, &host, globals).await;
        visitor.opens_the_chat().await;
        visitor.says("In a desktop shell").await;
        visitor.sees_state("In a desktop shell", "Sent").await;
        assert_eq!(visitor.page.ask("return Object.keys(module.exports).length", []).await.unwrap(), json!(0));
    })
    .await;
}

#[tokio::test]
async fn req_1_7_the_check_page_shows_every_message_as_it_travels() {
    journey(async |stage| {
        let house = House::opens();
        let people = People::of(&house.server).await;
        let mut bob = people.user("bob").await;
        let hello = people.user_hello("alice").await;
        let developer = stage.visitor_named("developer").await.page;
        developer.goes_to(&house.server.url("/check")).await;
        developer.fills("textbox", "Token", "no-such-token").await;
        developer.clicks("button", "Connect").await;
        developer.reads("Not connected: expired").await;
        developer.fills("textbox", "Token", hello["token"].as_str().unwrap()).await;
        developer.clicks("button", "Connect").await;
        developer.reads("Connected").await;
        developer.reads("welcome").await;
        bob.sends(json!({ "user": "alice" }), "k1", "As it travels").await.unwrap();
        developer.reads("As it travels").await;
        developer.fills("textbox", "Their id", "bob").await;
        developer.clicks("button", "Send").await;
        bob.sees("Hello").await;
        developer.fills("textbox", Name::starts("Content"), "no JSON").await;
        developer.clicks("button", "Send").await;
        developer.reads("The content is not JSON.").await;
    })
    .await;
}
