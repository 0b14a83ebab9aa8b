//! `WebIMWidget`: a user's conversations on a page that was written for the original.

use serde_json::{Value, json};
use thirtyfour::Key;

use super::page::{Page, writes_to};
use crate::browser::stage::{House, Name, journey};

/// As the original's documentation has it: options, handlers, providers.
const LISTED: &str = "
    WebIMWidget.onReceivedMessage = hears('onReceivedMessage');
    WebIMWidget.onSentMessage = hears('onSentMessage');
    WebIMWidget.onShow = hears('onShow');
    WebIMWidget.onClose = hears('onClose');
    WebIMWidget.onConnectStatusChange = hears('onConnectStatusChange');
    WebIMWidget.setUserInfoProvider(function (targetId, obj) {
        heard.push(['userInfo', targetId]);
        obj.onSuccess({ userId: targetId, name: 'Shop name of ' + targetId, portraitUri: '' });
    });
    WebIMWidget.setGroupInfoProvider(function (targetId, obj) {
        heard.push(['groupInfo', targetId]);
        obj.onSuccess({ name: 'Group ' + targetId, portraitUri: '' });
    });
    WebIMWidget.init({
        appkey: 'APPKEY',
        token: 'TOKEN',
        style: { width: 450, height: 500, bottom: 12, right: 12, positionFixed: true },
        displayConversationList: true,
        conversationListPosition: WebIMWidget.EnumConversationListPosition.right,
        displayMinButton: true,
        onSuccess: hears('onSuccess'),
        onError: hears('onError'),
    });";

#[tokio::test]
async fn a_page_opens_sends_receives_and_is_told() {
    journey(async |stage| {
        let house = House::opens();
        let page = Page::opens(stage, &house, ("buyer", "Bea Buyer"), LISTED).await;
        assert_eq!(page.hears("onSuccess").await, "buyer");
        page.says(
            "return [WebIMWidget.isInit, WebIMWidget.isReady, WebIMWidget.connected, WebIMWidget.display]",
            json!([true, true, true, false]),
        )
        .await;

        // Somebody writes while it is closed: the handler hears it, and the button counts it.
        let mut seller = page.other("seller", "Sam Seller").await;
        writes_to(&mut seller, "buyer", "The lamp is ready").await;
        let message = page.hears("onReceivedMessage").await;
        assert_eq!(message["content"], json!({ "content": "The lamp is ready", "messageName": "TextMessage" }));
        let facts = |name: &str| message[name].clone();
        assert_eq!(
            ["conversationType", "targetId", "senderUserId", "objectName", "messageType", "messageDirection"]
                .map(facts),
            [json!(1), json!("seller"), json!("seller"), json!("RC:TxtMsg"), json!("TextMessage"), json!(2)]
        );
        assert!(message["sentTime"].is_i64() && message["messageUId"].is_string(), "{message}");
        page.says("return WebIMWidget.totalUnreadCount", json!(1)).await;
        let button = page.tab.sees("button", "Messages, 1 unread message").await;
        assert_eq!((button.state("haspopup"), button.state("expanded")), ("dialog", "false"));

        // The page's own names are asked for, once, and shown.
        page.tab.presses_on(&button).await;
        page.hears("onShow").await;
        page.says("return WebIMWidget.display", json!(true)).await;
        assert_eq!(page.hears("userInfo").await, "seller");
        page.chat.clicks("button", Name::starts("Shop name of seller")).await;
        page.chat.sees("heading", "Shop name of seller").await;
        page.chat.sees("article", Name::starts("Shop name of seller: The lamp is ready")).await;
        assert_eq!(page.times("userInfo").await, 1);
        page.says("return WebIMWidget.totalUnreadCount", json!(0)).await;
        seller.push_where("receipt", |receipt| receipt["read"] == 1).await;

        // An answer, with the keyboard.
        page.chat.has_focus_on("textbox", "Message").await;
        page.chat.presses("On my way").await;
        page.chat.presses(Key::Enter).await;
        seller.sees("On my way").await;
        let sent = page.hears("onSentMessage").await;
        assert_eq!(
            (&sent["messageDirection"], &sent["targetId"], &sent["sentStatus"]),
            (&json!(1), &json!("seller"), &json!(30))
        );
        let current = page.runs("return WebIMWidget.getCurrentConversation()").await;
        assert_eq!(
            (&current["targetType"], &current["targetId"], &current["title"]),
            (&json!(1), &json!("seller"), &json!("Shop name of seller"))
        );

        // Minimised with Escape, the focus is on the button again.
        page.chat.presses(Key::Escape).await;
        page.tab.has_focus_on("button", "Messages").await;
        page.says("return WebIMWidget.display", json!(false)).await;
        assert_eq!(page.times("onError").await, 0);
        let cookies = page.runs("return document.cookie + localStorage.length + sessionStorage.length").await;
        assert_eq!(cookies, "00", "nothing is kept on the customer's page");
    })
    .await;
}

#[tokio::test]
async fn set_conversation_opens_somebody_new_and_groups() {
    journey(async |stage| {
        let house = House::opens();
        let page = Page::opens(stage, &house, ("buyer", "Bea Buyer"), LISTED).await;
        let mut seller = page.other("seller", "Sam Seller").await;
        page.hears("onSuccess").await;
        page.runs("WebIMWidget.setConversation(WebIMWidget.EnumConversationType.PRIVATE, 'seller', 'Sam, lamps'); WebIMWidget.show()").await;
        page.chat.sees("heading", "Sam, lamps").await;
        page.chat.types("textbox", "Message", "Is the blue one there?").await;
        page.chat.presses(Key::Enter).await;
        let asked = seller.sees("Is the blue one there?").await;
        page.chat.sees("article", Name::starts("You: Is the blue one there?")).await;
        seller.writes(&asked["conversation"], "It is").await;
        page.chat.sees("article", Name::has(": It is, ")).await;

        let users = json!({ "kind": "group", "name": "Lamp friends", "users": ["buyer"] });
        let group = seller.ask("create_group", users).await.unwrap();
        seller.writes(&group["id"], "Welcome all").await;
        let id = group["id"].as_str().unwrap();
        let heard = page.hears_where("onReceivedMessage", |message| message["conversationType"] == 3).await;
        assert_eq!(heard["targetId"], id);
        page.chat.sees("button", Name::starts(&format!("Group {id}"))).await;
        page.runs(&format!("WebIMWidget.setConversation(3, '{id}', '')")).await;
        page.chat.sees("heading", Name::starts(&format!("Group {id}"))).await;
        page.chat.sees("article", Name::has(": Welcome all, ")).await;
        assert_eq!(page.hears("groupInfo").await, id);

        // An empty target clears the panel.
        page.runs("WebIMWidget.setConversation(1, '', '')").await;
        page.says("return WebIMWidget.getCurrentConversation()", Value::Null).await;
    })
    .await;
}

#[tokio::test]
async fn closing_asks_the_page_first() {
    journey(async |stage| {
        let house = House::opens();
        let init = format!("{LISTED} WebIMWidget.onCloseBefore = function (obj) {{ heard.push(['onCloseBefore']); window.close_it = obj.close; }};");
        let page = Page::opens(stage, &house, ("buyer", "Bea Buyer"), &init).await;
        page.hears("onSuccess").await;
        page.runs("WebIMWidget.setConversation(1, 'seller', 'Sam'); WebIMWidget.show()").await;
        page.chat.clicks("button", "Close conversation").await;
        page.hears("onCloseBefore").await;
        page.chat.sees("heading", "Sam").await;
        page.runs("window.close_it({ showEvaluate: true })").await;
        let closed = page.hears("onClose").await;
        assert_eq!((&closed["targetType"], &closed["targetId"], &closed["title"]), (&json!(1), &json!("seller"), &json!("Sam")));
        page.chat.sees_no("heading", "Sam").await;
        page.runs("WebIMWidget.hidden()").await;
        page.tab.sees("button", "Messages").await;
    })
    .await;
}

#[tokio::test]
async fn hidden_conversations_are_neither_listed_nor_counted_and_one_can_be_deleted() {
    journey(async |stage| {
        let house = House::opens();
        let init = LISTED.replace(
            "displayMinButton: true,",
            "displayMinButton: true, hiddenConversations: [{ type: 1, id: 'nuisance' }],",
        );
        let page = Page::opens(stage, &house, ("buyer", "Bea Buyer"), &init).await;
        page.hears("onSuccess").await;
        let mut nuisance = page.other("nuisance", "N").await;
        let mut seller = page.other("seller", "S").await;
        writes_to(&mut nuisance, "buyer", "Buy buy buy").await;
        writes_to(&mut seller, "buyer", "Hello").await;
        page.hears_where("onReceivedMessage", |message| message["targetId"] == "nuisance").await;
        page.says("return WebIMWidget.totalUnreadCount", json!(1)).await;
        page.runs("WebIMWidget.show()").await;
        page.chat.sees("button", Name::starts("Shop name of seller")).await;
        page.chat.sees_no("button", Name::has("nuisance")).await;

        // Deleting, with a way back.
        page.chat.clicks("button", "Delete conversation with Shop name of seller").await;
        page.chat.sees_no("button", Name::starts("Shop name of seller")).await;
        page.chat.clicks("button", "Undo").await;
        page.chat.sees("button", Name::starts("Shop name of seller")).await;
        page.chat.clicks("button", "Delete conversation with Shop name of seller").await;
        page.chat.sees_no("button", "Undo").await;
        page.says("return WebIMWidget.totalUnreadCount", json!(0)).await;
        writes_to(&mut seller, "buyer", "Still there?").await;
        page.chat.sees("button", Name::starts("Shop name of seller")).await;
    })
    .await;
}

#[tokio::test]
async fn a_wrong_token_is_told() {
    journey(async |stage| {
        let house = House::opens();
        let init = LISTED.replace("'TOKEN'", "'0123456789abcdef0123456789abcdef'");
        let page = Page::opens(stage, &house, ("buyer", "Bea"), &init).await;
        let error = page.hears("onError").await;
        assert_eq!(error["code"], 0, "{error}");
        assert!(error["info"].is_string());
        assert_eq!(page.times("onSuccess").await, 0);
    })
    .await;
}

#[tokio::test]
async fn angularjs_finds_the_services_under_their_names() {
    journey(async |stage| {
        let house = House::opens();
        // As much of AngularJS as the registration touches; it comes after our script, as on some pages.
        let angular = "window.modules = {}; window.angular = { module: function (name) {
            var it = modules[name] = { run: function (list) { list[1]({ $applyAsync: function () { heard.push(['digest']) } }) } };
            it.factory = it.directive = function (what, make) { it[what] = make; return it; };
            return it;
        } };";
        let page = Page::opens(stage, &house, ("buyer", "Bea"), &format!("{angular}{LISTED}")).await;
        page.hears("onSuccess").await;
        let found = "var it = modules.RongWebIMWidget; return [it.WebIMWidget() === WebIMWidget, \
            it.RongCustomerService() === RongCustomerService, modules.RongCloudkefu.RongKefu() === RongCustomerService, \
            it.rongWidget().restrict]";
        assert_eq!(page.runs(found).await, json!([true, true, true, "E"]));
        assert!(page.times("digest").await >= 1, "what the page changed in a handler is shown");
    })
    .await;
}
