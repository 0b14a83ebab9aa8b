//! The words that journeys are told in must mean what the browser itself means.

use thirtyfour::Key;

use super::stage::{Host, HostPage, Name, Tab, journey};

const PAGE: &str = r#"<!doctype html><html lang="en"><title>Host</title><body>
<button aria-label="Plain">x</button><button hidden>Hidden</button><div inert><button>Inert</button></div>
<button>Words <svg aria-hidden="true"></svg><span hidden>not these</span></button>
<label>Labelled <input></label><label for="other">Other</label><textarea id="other"></textarea>
<nav aria-label="Views"><a href="/x" aria-current="page">Waiting <b>3</b></a></nav>
<h1>Heading</h1><ul aria-label="List"><li>One</li></ul><p role="status">Here</p>
<div role="radiogroup" aria-labelledby="q"><p id="q">How?</p><div role="radio" aria-checked="true" aria-label="5 stars" tabindex="0"></div></div>
<div id="shadow"></div>
<script>
const root = document.getElementById('shadow').attachShadow({ mode: 'open' })
const button = document.createElement('button')
button.ariaLabel = 'In the shadow'
button.onclick = () => { button.ariaLabel = 'Pressed' }
root.append(button)
</script>"#;

#[tokio::test]
async fn names_and_roles_are_those_of_the_browser() {
    journey(async |stage| {
        let host = Host::start();
        let page = host.publishes("/", HostPage { html: PAGE.to_owned(), ..HostPage::default() });
        let tab = Tab::first(stage.browser("somebody").await).await;
        tab.goes_to(&page).await;
        let wanted = [
            ("button", "Plain"),
            ("button", "Words"),
            ("button", "In the shadow"),
            ("textbox", "Labelled"),
            ("textbox", "Other"),
            ("navigation", "Views"),
            ("link", "Waiting 3"),
            ("heading", "Heading"),
            ("list", "List"),
            ("radiogroup", "How?"),
            ("radio", "5 stars"),
        ];
        for (role, name) in wanted {
            let seen = tab.sees(role, name).await;
            assert_eq!(tab.computed_of(&seen).await, format!("{role} {name}"));
        }
        assert_eq!(tab.all("button", Name::any()).await.len(), 3, "hidden and inert ones are not there");
        assert_eq!(tab.sees("status", Name::any()).await.text, "Here");
        tab.clicks("button", "In the shadow").await;
        tab.has_focus_on("button", "Pressed").await;
        tab.presses_with(Key::Shift, Key::Tab).await;
        tab.has_focus_on("radio", "5 stars").await;
    })
    .await;
}
