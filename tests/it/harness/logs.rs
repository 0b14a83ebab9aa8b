//! Listens to every log line of the whole test run: what people wrote must not be in any (L1).

use std::{
    io,
    sync::{
        Mutex, Once, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use parlor::{
    config::{Log, LogFormat},
    telemetry,
};

/// Tests put this into whatever a log must never show: messages, names, e-mails, passwords, tokens, query strings.
pub(crate) const PLANTED: &str = "planted7f3a";

static HEARD: AtomicU64 = AtomicU64::new(0);
static LEAKS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Begins to listen, at a level that tells more than any server does.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let settings = Log { format: LogFormat::Json, level: "debug".to_owned() };
        let subscriber = telemetry::log::subscriber(&settings, || Ear);
        telemetry::log::install(subscriber).expect("nobody else listens");
    });
}

/// Fails when a line held what was planted.
pub(crate) fn assert_clean() {
    assert!(HEARD.load(Ordering::Relaxed) > 0, "the ear is deaf");
    let leaks = LEAKS.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(leaks.is_empty(), "these log lines hold what people wrote: {leaks:#?}");
}

struct Ear;

impl io::Write for Ear {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        HEARD.fetch_add(1, Ordering::Relaxed);
        let text = String::from_utf8_lossy(line);
        if text.contains(PLANTED) {
            LEAKS.lock().unwrap_or_else(PoisonError::into_inner).push(text.into_owned());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
