//! `RongCustomerService`: the desk on a page that was written for the original.

use serde_json::json;
use thirtyfour::Key;

use super::page::Page;
use crate::browser::stage::{House, journey};

const INIT: &str = "
    RongCustomerService.onReceivedMessage = hears('onReceivedMessage');
    RongCustomerService.onSentMessage = hears('onSentMessage');
    RongCustomerService.onShow = hears('onShow');
    RongCustomerService.setProductInfo({ title: 'Lamp 3', url: 'https://shop.example/3', content: 'Brass', imageUrl: '' });
    RongCustomerService.init({
        appkey: 'APPKEY',
        token: 'TOKEN',
        customerServiceId: 'KEFU1',
        reminder: 'Need help?',
        position: RongCustomerService.Position.right,
        style: { width: 380 },
        onSuccess: hears('onSuccess'),
    });";

#[tokio::test]
async fn the_desk_answers_a_page_that_was_written_for_the_original() {
    journey(async |stage| {
        let house = House::opens();
        let agent = stage.agent(&house).await;
        let page = Page::opens(stage, &house, ("buyer", "Bea Buyer"), INIT).await;
        page.hears("onSuccess").await;
        let seen = page.tab.sees("button", "Need help?").await;
        page.tab.presses_on(&seen).await;
        page.hears("onShow").await;
        page.chat.types("textbox", "Message", "Where is my lamp?").await;
        page.chat.presses(Key::Enter).await;
        let sent = page.hears("onSentMessage").await;
        assert_eq!(
            (&sent["conversationType"], &sent["targetId"], &sent["objectName"]),
            (&json!(5), &json!("KEFU1"), &json!("RC:TxtMsg"))
        );
        agent.takes("Where is my lamp?").await;
        agent.sees("Lamp 3").await;
        agent.answers("On its way").await;
        let heard =
            page.hears_where("onReceivedMessage", |message| message["content"]["content"] == "On its way").await;
        assert_eq!((&heard["conversationType"], &heard["messageDirection"]), (&json!(5), &json!(2)));
    })
    .await;
}

#[tokio::test]
async fn a_conversation_of_type_5_is_the_desk() {
    journey(async |stage| {
        let house = House::opens();
        house.has_somebody_in().await;
        let init = "
            WebIMWidget.onClose = hears('onClose');
            WebIMWidget.init({ appkey: 'APPKEY', token: 'TOKEN', displayConversationList: true, onSuccess: hears('onSuccess') });";
        let page = Page::opens(stage, &house, ("buyer", "Bea Buyer"), init).await;
        page.hears("onSuccess").await;
        page.runs("WebIMWidget.show(); WebIMWidget.setConversation(5, 'KEFU1', 'Ask the shop')").await;
        page.tab.sees("iframe", "Ask the shop").await;
        page.tab.sees_no("iframe", "Messages").await;
        let current = page.runs("return WebIMWidget.getCurrentConversation()").await;
        assert_eq!((&current["targetType"], &current["targetId"]), (&json!(5), &json!("KEFU1")));
        page.runs("WebIMWidget.setConversation(1, 'seller', 'Sam')").await;
        page.tab.sees("iframe", "Messages").await;
        page.tab.sees_no("iframe", "Ask the shop").await;
        page.chat.sees("heading", "Sam").await;
    })
    .await;
}
