//! A stranger's web server: pages and scripts of an origin that is not ours, written by the journey.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// Serves what it is given until it is dropped.
pub(in crate::browser) struct Host {
    address: SocketAddr,
    pages: Arc<Mutex<HashMap<String, HostPage>>>,
    over: Arc<AtomicBool>,
}

/// One page of a stranger.
#[derive(Debug, Clone, Default)]
pub(in crate::browser) struct HostPage {
    pub(in crate::browser) html: String,
    /// Its Content-Security-Policy, if it has one.
    pub(in crate::browser) policy: Option<String>,
}

impl Host {
    pub(in crate::browser) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = Self { address: listener.local_addr().unwrap(), pages: Arc::default(), over: Arc::default() };
        let (pages, over) = (Arc::clone(&host.pages), Arc::clone(&host.over));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let pages = Arc::clone(&pages);
                std::thread::spawn(move || answer(stream, &pages));
            }
        });
        host
    }

    /// Its origin, as a browser writes it.
    pub(in crate::browser) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Publishes a page and returns its address.
    pub(in crate::browser) fn publishes(&self, path: &str, page: HostPage) -> String {
        self.pages.lock().unwrap().insert(path.to_owned(), page);
        format!("{}{path}", self.origin())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the thread, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

fn answer(mut stream: TcpStream, pages: &Mutex<HashMap<String, HostPage>>) {
    let mut head = BufReader::new(&stream).lines().map_while(Result::ok);
    let Some(first) = head.next() else { return };
    head.find(String::is_empty);
    let path = first.split(' ').nth(1).unwrap_or("/");
    let page = pages.lock().unwrap().get(path.split('?').next().unwrap_or(path)).cloned();
    // A browser asks every host for its icon.
    let status = match (&page, path) {
        (Some(_), _) => "200 OK",
        (None, "/favicon.ico") => "204 No Content",
        (None, _) => "404 Not Found",
    };
    let HostPage { html, policy } = page.unwrap_or_default();
    let policy = policy.map(|policy| format!("content-security-policy: {policy}\r\n")).unwrap_or_default();
    let kind =
        if path.rsplit_once('.').is_some_and(|(_, ending)| ending == "js") { "text/javascript" } else { "text/html" };
    let length = html.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {kind}; charset=utf-8\r\ncontent-length: {length}\r\n{policy}connection: close\r\n\r\n{html}"
    );
}
