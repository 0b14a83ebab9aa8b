//! Accessibility rules, checked by axe-core where npm's development tools are installed.

use std::{io::Write as _, path::Path, sync::LazyLock};

use serde_json::Value;

use super::Tab;

static RULES: LazyLock<Option<String>> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/axe-core/axe.min.js");
    let source = std::fs::read_to_string(path).ok();
    if source.is_none() {
        // Straight to the terminal: the test runner swallows what passing tests print.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no accessibility rules, run `npm ci` to have them");
    }
    source
});

/// Frames are checked on their own, and nothing may be fetched: the pages' policies would complain.
const RUN: &str = "return axe.run(document, { iframes: false, preload: false, resultTypes: ['violations'], \
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }) \
    .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => \
    `${id}: ${target.flat().join(' ')} ${failureSummary.replace(/\\s+/g, ' ')}`)))";

impl Tab {
    /// No rule of WCAG 2.2 AA, and none of good practice, is broken: light and dark.
    pub(in crate::browser) async fn is_accessible(&self, what: &str) {
        let Some(rules) = RULES.as_deref() else { return };
        for scheme in ["light", "dark"] {
            self.browser.prefers(&[("prefers-color-scheme", scheme), ("prefers-reduced-motion", "reduce")]).await;
            self.ask(rules, []).await.expect("axe loads");
            let broken: Vec<Value> = serde_json::from_value(self.ask(RUN, []).await.expect("axe runs")).unwrap();
            let broken: Vec<_> = broken.iter().filter_map(Value::as_str).collect();
            assert!(broken.is_empty(), "{what}, {scheme}:\n{}", broken.join("\n"));
        }
    }
}
