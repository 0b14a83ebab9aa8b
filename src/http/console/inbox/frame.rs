//! What stands around lists and conversations: views, counts, status, themes, keys.

use crate::{
    model::{command::Desk, conversation::View},
    view::Locale,
};

pub(super) struct ViewLink {
    pub(super) name: &'static str,
    pub(super) title: String,
    pub(super) icon: &'static str,
    pub(super) key: &'static str,
    pub(super) current: bool,
    pub(super) counted: bool,
    pub(super) count: u64,
    pub(super) urgent: bool,
}

pub(super) struct StatusChoice {
    pub(super) name: &'static str,
    pub(super) word: String,
    pub(super) hint: String,
    pub(super) checked: bool,
}

pub(super) struct ThemeChoice {
    pub(super) name: &'static str,
    pub(super) word: String,
    pub(super) checked: bool,
}

pub(super) struct KeyGroup {
    pub(super) title: String,
    pub(super) keys: Vec<(&'static [&'static str], String)>,
}

pub(super) const fn view_key(view: View) -> &'static str {
    match view {
        View::Waiting => "console-view-waiting",
        View::Mine => "console-view-mine",
        View::Closed => "console-view-closed",
        View::All => "console-view-all",
    }
}

pub(super) fn views(desk: &Desk, current: View, words: &Locale) -> Vec<ViewLink> {
    let link = |view| {
        let (icon, key, count) = match view {
            View::Waiting => ("bell", "G W", Some(desk.waiting)),
            View::Mine => ("inbox", "G M", Some(desk.mine)),
            View::Closed => ("done", "G C", None),
            View::All => ("layers", "G A", None),
        };
        ViewLink {
            name: view.name(),
            title: words.get(view_key(view)),
            icon,
            key,
            current: view == current,
            counted: count.is_some(),
            count: count.unwrap_or(0),
            urgent: view == View::Waiting && desk.waiting > 0,
        }
    };
    View::ALL.into_iter().map(link).collect()
}

pub(super) fn count(desk: &Desk, view: View) -> String {
    match view {
        View::Waiting => desk.waiting.to_string(),
        View::Mine => desk.mine.to_string(),
        View::Closed | View::All => String::new(),
    }
}

pub(super) fn summary(view: View, waiting_for_you: u64, waiting: u64, words: &Locale) -> String {
    match view {
        View::Waiting => words.format("console-list-nobody-has", &[("n", waiting.into())]),
        View::Mine => words.format("console-list-waiting", &[("n", waiting_for_you.into())]),
        View::Closed => words.get("console-list-closed"),
        View::All => words.get("console-list-all"),
    }
}

pub(super) fn statuses(words: &Locale) -> Vec<StatusChoice> {
    ["online", "busy", "away"]
        .map(|name| StatusChoice {
            name,
            word: words.get(&format!("console-status-{name}")),
            hint: words.get(&format!("console-status-{name}-hint")),
            checked: name == "online",
        })
        .into()
}

pub(super) fn themes(words: &Locale) -> Vec<ThemeChoice> {
    ["system", "light", "dark"]
        .map(|name| ThemeChoice { name, word: words.get(&format!("console-theme-{name}")), checked: name == "system" })
        .into()
}

pub(super) fn keys(words: &Locale) -> Vec<KeyGroup> {
    let group = |title: &str, keys: &[(&'static [&'static str], &str)]| KeyGroup {
        title: words.get(title),
        keys: keys.iter().map(|(keys, words_key)| (*keys, words.get(words_key))).collect(),
    };
    vec![
        group(
            "console-keys-list",
            &[
                (&["J"], "console-key-next"),
                (&["K"], "console-key-previous"),
                (&["↓", "↑"], "console-key-move"),
                (&["↵"], "console-key-open"),
                (&["U"], "console-key-new"),
            ],
        ),
        group(
            "console-keys-conversation",
            &[
                (&["R"], "console-key-reply"),
                (&["↵"], "console-key-send"),
                (&["⇧", "↵"], "console-key-newline"),
                (&["A"], "console-key-accept"),
                (&["D"], "console-key-decline"),
                (&["Alt", "A"], "console-key-while-typing"),
                (&["E"], "console-key-end"),
                (&["I"], "console-key-panel"),
            ],
        ),
        group(
            "console-keys-go",
            &[
                (&["G", "W"], "console-view-waiting"),
                (&["G", "M"], "console-view-mine"),
                (&["G", "C"], "console-view-closed"),
                (&["G", "A"], "console-view-all"),
            ],
        ),
        group(
            "console-keys-everywhere",
            &[
                (&["F6"], "console-key-panes"),
                (&["Esc"], "console-key-escape"),
                (&["M"], "console-key-sounds"),
                (&["\\"], "console-key-sidebar"),
                (&["?"], "console-key-sheet"),
            ],
        ),
    ]
}
