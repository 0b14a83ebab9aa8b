//! What people do, in a real browser. Skipped loudly unless `PARLOR_BROWSER_TESTS=1`.

use thirtyfour::By;

use crate::harness::{Browser, Screen, Taste, TestServer, browsers_run};

#[tokio::test]
async fn the_demo_page_is_a_believable_page_with_a_launcher_in_its_corner() {
    if !browsers_run() {
        return;
    }
    let server = TestServer::start();
    for (screen, name) in [(Screen::Desktop, "demo-desktop"), (Screen::Phone, "demo-phone")] {
        let browser = Browser::open_as(Taste { screen, ..Taste::default() }).await;
        browser.goto(server.demo_url()).await.unwrap();
        let headline = browser.find(By::Css("h1")).await.unwrap().text().await.unwrap();
        assert_eq!(headline, "One good lamp changes the whole room");
        browser.photograph(name).await;
        let wider = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
        assert!(!browser.execute(wider, vec![]).await.unwrap().convert::<bool>().unwrap(), "{name} scrolls sideways");
    }
}

#[tokio::test]
async fn the_harness_keeps_its_word() {
    if !browsers_run() {
        return;
    }
    let server = TestServer::start();
    let browser = Browser::open_as(Taste { dark: true, languages: "zh-CN,en", ..Taste::default() }).await;
    browser.goto(server.demo_url()).await.unwrap();
    let seen =
        "return [matchMedia('(prefers-color-scheme: dark)').matches, navigator.language, innerWidth, innerHeight]";
    let seen = browser.execute(seen, vec![]).await.unwrap();
    assert_eq!(*seen.json(), serde_json::json!([true, "zh-CN", 1280, 800]));
    browser.set_offline(true).await;
    assert!(browser.goto(server.demo_url()).await.is_err(), "there is no network");
    browser.set_offline(false).await;
    browser.goto(server.demo_url()).await.unwrap();
}
