//! The check pages: an SDK of somebody's choice, in a frame that is nobody's.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    browser::stage::{Host, HostPage, House, Name, Stage, Tab, journey, until},
    harness::People,
};

/// What an SDK is called by, and what it finds when it looks around.
const CURIOUS: &str = "
    const tries = (name, action) => { try { return [name, String(action())] } catch (error) { return [name, error.name] } };
    const look = async () => Object.fromEntries([
        tries('origin', () => self.origin),
        tries('cookie', () => document.cookie),
        tries('kept', () => { localStorage.setItem('a', 'b'); return localStorage.getItem('a') }),
        tries('parent', () => parent.document.title),
        tries('top', () => { top.location = 'https://elsewhere.example/'; return 'moved' }),
        tries('popup', () => open('about:blank')),
        ['elsewhere', await fetch('ELSEWHERE').then(() => 'answered', () => 'refused')],
        ['console', await fetch('SERVER/console', { credentials: 'include' }).then(() => 'answered', () => 'refused')],
        ['eval', (() => { try { return String(eval('1 + 1')) } catch (error) { return error.name } })()],
        ['script', await new Promise((done) => {
            const other = document.createElement('script');
            other.src = 'ELSEWHERE/other.js'; other.onload = () => done('ran'); other.onerror = () => done('refused');
            document.head.append(other);
        })],
    ]);
    window.RongIMLib = {
        SDK_VERSION: 'curious', getInstance() {},
        init: () => ({ watch() {}, connect: async () => ({ id: JSON.stringify(await look()) }) }),
    };";

/// Fills in what both pages ask for.
async fn fills_in(tab: &Tab, sdk: &str, appkey: &str, token: &str) {
    tab.fills("textbox", "Addresses of the SDK's scripts, in their order", sdk).await;
    tab.fills("textbox", "App Key", appkey).await;
    tab.fills("textbox", "Token", token).await;
}

#[tokio::test]
async fn an_sdk_sees_nothing_of_ours() {
    journey(async |stage| {
        // What is refused, browsers write down.
        stage.forgive(&["Content Security Policy", "sandboxed", "CORS", "Failed to load resource", "ERR_FAILED"]);
        let house = House::opens();
        let (host, elsewhere) = (Host::start(), Host::start());
        elsewhere.publishes("/other.js", HostPage { html: "void 0".to_owned(), policy: None });
        let sdk = CURIOUS.replace("ELSEWHERE", &elsewhere.origin()).replace("SERVER", &house.server.url(""));
        let sdk = host.publishes("/sdk.js", HostPage { html: sdk, policy: None });
        let agent = stage.agent(&house).await;
        let tab = agent.desk.another().await;
        tab.goes_to(&house.server.url("/compat/connect-check")).await;
        tab.is_accessible("the connection check of SDKs").await;
        fills_in(&tab, &sdk, "app", "token").await;
        tab.clicks("button", "Connect").await;
        let connected = tab.sees_that("status", Name::any(), |seen| seen.text.starts_with("Connected as ")).await;
        let found = connected.text.trim_start_matches("Connected as ").split(" with SDK").next().unwrap().to_owned();
        let found: Value = serde_json::from_str(&found).unwrap();
        assert_eq!(
            found,
            json!({ "origin": "null", "cookie": "", "kept": "b", "parent": "SecurityError", "top": "SecurityError",
                "popup": "null", "elsewhere": "refused", "console": "refused", "eval": "2", "script": "refused" })
        );
        assert!(tab.address().await.ends_with("/compat/connect-check"));
    })
    .await;
}

#[tokio::test]
async fn addresses_that_are_not_taken_are_said_to_be() {
    journey(async |stage| {
        stage.forgive(&["Failed to load resource", "frame-ancestors"]);
        let house = House::opens();
        let tab = Tab::first(stage.browser("developer").await).await;
        tab.goes_to(&house.server.url("/compat/connect-check")).await;
        fills_in(&tab, "http://cdn.example/sdk.js", "app", "token").await;
        tab.clicks("button", "Connect").await;
        tab.sees_that("status", Name::any(), |seen| seen.text.starts_with("The SDK was not loaded.")).await;
        let host = Host::start();
        let other = host.publishes("/other.js", HostPage { html: "void 0".to_owned(), policy: None });
        tab.fills("textbox", "Addresses of the SDK's scripts, in their order", &other).await;
        tab.clicks("button", "Connect").await;
        tab.sees_that("status", Name::any(), |seen| seen.text.starts_with("These scripts bring no SDK")).await;
    })
    .await;
}

/// The SDK of generation 4 as npm has it, served from an address of its own; `None` when it is not installed.
fn real_sdk(host: &Host) -> Option<String> {
    let read = |name: &str| {
        let path = format!("node_modules/@rongcloud/{name}/dist/index.umd.js");
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
    };
    let (engine, lib) = (read("engine")?, read("imlib-v4")?);
    let engine = host.publishes("/engine.js", HostPage { html: engine, policy: None });
    let lib = host.publishes("/imlib.js", HostPage { html: lib, policy: None });
    Some(format!("{engine} {lib}"))
}

/// A page with the real SDK's addresses and a user's token filled in.
async fn with_the_real_sdk(stage: &Stage, house: &House, page: &str) -> Option<(Tab, People, Host)> {
    let host = Host::start();
    let sdk = real_sdk(&host).expect("the SDK is installed; run `npm ci`");
    let people = People::of(&house.server).await;
    let hello = people.user_hello_named("developer", "Dev").await;
    let tab = Tab::first(stage.browser("developer").await).await;
    tab.goes_to(&house.server.url(page)).await;
    fills_in(&tab, &sdk, people.app().as_str(), hello["token"].as_str().unwrap()).await;
    tab.fills("textbox", "Chatroom", "lobby").await;
    Some((tab, people, host))
}

#[tokio::test]
async fn the_connection_check_shows_what_a_real_sdk_receives() {
    journey(async |stage| {
        let house = House::opens();
        let Some((tab, people, _host)) = with_the_real_sdk(stage, &house, "/compat/connect-check").await else {
            return;
        };
        tab.clicks("button", "Connect").await;
        tab.sees_that("status", Name::any(), |seen| seen.text.starts_with("Connected as developer with SDK 4")).await;
        tab.reads("\"room\": \"lobby\"").await;
        let mut other = people.user("other").await;
        other.sends(json!({ "user": "developer" }), "k1", "Hello, SDK").await.unwrap();
        tab.reads("\"content\": \"Hello, SDK\"").await;
        tab.reads("\"senderUserId\": \"other\"").await;
        other.ask("chatroom_join", json!({ "chatroom": "lobby" })).await.unwrap();
        other.sends(json!({ "chatroom": "lobby" }), "k2", "Hello, room").await.unwrap();
        tab.reads("\"content\": \"Hello, room\"").await;
    })
    .await;
}

#[tokio::test]
async fn the_test_page_runs_every_function_of_a_real_sdk() {
    journey(async |stage| {
        let house = House::opens();
        let Some((tab, people, _host)) = with_the_real_sdk(stage, &house, "/compat/api-test").await else { return };
        drop(people.user("other").await);
        tab.fills("textbox", "Another user's id", "other").await;
        tab.is_accessible("the test of SDKs").await;
        tab.clicks("button", "Run the test").await;
        let rows = "return [...document.querySelectorAll('#rows tr')].map((row) => [...row.cells].map((cell) => cell.textContent))";
        let done = until("the test to end", async || {
            let state = tab.ask("return document.getElementById('state').textContent", []).await;
            let state = state.map_err(|error| error.to_string())?.as_str().unwrap_or_default().to_owned();
            if state.contains(" passed, ") { Ok(state) } else { Err(state) }
        })
        .await;
        let rows = tab.ask(rows, []).await.unwrap();
        let failed: Vec<_> = rows.as_array().unwrap().iter().filter(|row| row[1] == "failed").collect();
        // Rooms keep no history unless the app opens it: the page must say so.
        let known = ["ChatRoom.getMessages"];
        let surprising: Vec<_> = failed.iter().filter(|row| !known.contains(&row[0].as_str().unwrap())).collect();
        assert!(surprising.is_empty(), "{done}\n{surprising:#?}");
        assert!(rows.as_array().unwrap().len() >= 40, "{rows}");
        let passed = rows.as_array().unwrap().iter().filter(|row| row[1] == "passed").count();
        assert!(done.starts_with(&format!("{passed} passed, {} failed, ", failed.len())), "{done}");
    })
    .await;
}
