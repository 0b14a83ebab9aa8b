//! How it looks and is reached: every screen, both themes, both languages, by keyboard and assistive technology.

use serde_json::json;
use thirtyfour::Key;

use super::page::{Page, writes_to};
use crate::browser::stage::{House, Name, journey};

const INIT: &str = "
    WebIMWidget.setUserInfoProvider(function (id, obj) { obj.onSuccess({ userId: id, name: { julie: 'Julie Marchand', daniel: 'Daniel Osei' }[id] || id, portraitUri: '' }); });
    WebIMWidget.setGroupInfoProvider(function (id, obj) { obj.onSuccess({ name: 'Glaze testers', portraitUri: '' }); });
    WebIMWidget.setOnlineStatusProvider(function (ids, obj) { obj.onSuccess(ids.map(function (id) { return { id: id, status: id === 'julie' }; })); });
    WebIMWidget.init({
        appkey: 'APPKEY', token: 'TOKEN', style: { width: 450, height: 560 },
        displayConversationList: true, onSuccess: hears('onSuccess'),
    });";

/// A user with something in the list.
async fn has_written(page: &Page) {
    page.hears("onSuccess").await;
    let mut julie = page.other("julie", "J").await;
    let mut daniel = page.other("daniel", "D").await;
    writes_to(&mut daniel, "buyer", "Thanks for the recipe").await;
    let group = json!({ "kind": "group", "name": "Glaze testers", "users": ["buyer", "daniel"] });
    let group = julie.ask("create_group", group).await.unwrap();
    julie.writes(&group["id"], "Round four is out of the kiln").await;
    daniel.writes(&group["id"], "Ink lost some of its shine").await;
    writes_to(&mut julie, "buyer", "See you on Thursday").await;
    page.says("return WebIMWidget.totalUnreadCount", json!(4)).await;
}

#[tokio::test]
async fn every_screen_is_accessible() {
    journey(async |stage| {
        let house = House::opens();
        let page = Page::opens(stage, &house, ("buyer", "Bea Buyer"), INIT).await;
        has_written(&page).await;
        page.tab.is_accessible("the page around it").await;
        page.runs("WebIMWidget.show()").await;
        page.chat.sees("button", Name::starts("Glaze testers")).await;
        page.chat.is_accessible("the list").await;
        page.chat.clicks("button", Name::starts("Glaze testers")).await;
        page.chat.sees("article", Name::starts("Daniel Osei: Ink lost some")).await;
        page.chat.types("textbox", "Message", "Celadon looks as new here").await;
        page.chat.presses(Key::Enter).await;
        page.chat.sees("article", Name::starts("You: Celadon looks as new here")).await;
        page.chat.is_accessible("a conversation beside the list").await;
    })
    .await;
}

#[tokio::test]
async fn the_list_is_walked_with_arrows() {
    journey(async |stage| {
        let house = House::opens();
        let page = Page::opens(stage, &house, ("buyer", "Bea Buyer"), INIT).await;
        has_written(&page).await;
        page.tab.sees("button", "Messages, 4 unread messages").await;
        page.tab.presses(Key::Tab).await;
        page.tab.presses(Key::Tab).await;
        page.tab.has_focus_on("button", "Messages, 4 unread messages").await;
        page.tab.presses(Key::Enter).await;
        let on = async |name: &str| {
            let focused = || page.chat.focused();
            crate::browser::stage::until(&format!("the focus on {name}"), async || {
                let focused = focused().await.replace(" ,", ",");
                if focused.starts_with(&format!("button {name}")) { Ok(()) } else { Err(focused) }
            })
            .await;
        };
        on("Julie Marchand, Online, See you on Thursday").await;
        page.chat.presses(Key::Down).await;
        on("Glaze testers").await;
        page.chat.presses(Key::Down).await;
        on("Daniel Osei").await;
        page.chat.presses(Key::Up).await;
        page.chat.presses(Key::Enter).await;
        page.chat.has_focus_on("textbox", "Message").await;
        page.chat.sees("heading", "Glaze testers").await;
    })
    .await;
}

#[tokio::test]
async fn on_a_phone_it_is_the_whole_screen_with_a_way_back() {
    journey(async |stage| {
        let house = House::opens();
        let page = Page::opens(stage, &house, ("buyer", "Bea Buyer"), INIT).await;
        has_written(&page).await;
        page.tab.browser.screen(390, 844, 1, true).await;
        page.tab.clicks("button", "Messages, 4 unread messages").await;
        page.tab.sees_that("iframe", "Messages", |seen| seen.bounds() == [0, 0, 390, 844]).await;
        assert!(page.tab.all("heading", Name::any()).await.is_empty(), "the page behind rests");
        page.chat.clicks("button", Name::starts("Julie Marchand")).await;
        page.chat.sees("article", Name::starts("Julie Marchand: See you on Thursday")).await;
        page.chat.is_accessible("a conversation on a phone").await;
        page.chat.clicks("button", "Back to messages").await;
        page.chat.sees("button", Name::starts("Daniel Osei")).await;
        page.chat.is_accessible("the list on a phone").await;
        page.chat.clicks("button", "Close chat").await;
        page.tab.sees("button", Name::starts("Messages")).await;
    })
    .await;
}

#[tokio::test]
async fn it_speaks_chinese() {
    journey(async |stage| {
        let house = House::opens();
        let page = Page::opens_in(stage, &house, ("buyer", "Bea"), INIT, "zh-CN,zh").await;
        page.hears("onSuccess").await;
        page.tab.clicks("button", "消息").await;
        page.chat.reads("还没有消息").await;
        page.runs("WebIMWidget.setConversation(1, 'julie', '')").await;
        page.chat.sees("heading", "Julie Marchand").await;
        page.chat.types("textbox", "输入消息", "你好").await;
        page.chat.presses(Key::Enter).await;
        page.chat.sees("article", Name::has("你好")).await;
    })
    .await;
}
