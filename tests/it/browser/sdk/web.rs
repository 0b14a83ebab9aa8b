//! The web server of those whose pages use the SDK: their pages, the SDK itself, and a door to REST with their key.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::Value;

/// Serves until it is dropped.
pub(super) struct Web {
    address: SocketAddr,
    over: Arc<AtomicBool>,
}

/// What it serves.
struct Shop {
    /// Parlor.
    server: SocketAddr,
    key: String,
    setup: String,
}

impl Web {
    pub(super) fn start(server: SocketAddr, key: &str, setup: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let web = Self { address: listener.local_addr().unwrap(), over: Arc::default() };
        let shop = Arc::new(Shop { server, key: key.to_owned(), setup: setup.to_string() });
        let over = Arc::clone(&web.over);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let shop = Arc::clone(&shop);
                // A browser that went away hears nothing more.
                std::thread::spawn(move || drop(shop.answer(stream)));
            }
        });
        web
    }

    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the thread, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shop {
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut head = Vec::new();
        for line in reader.by_ref().lines() {
            let line = line?;
            if line.is_empty() {
                break;
            }
            head.push(line);
        }
        let Some((method, path)) = head.first().and_then(|first| first.split_once(' ')) else { return Ok(()) };
        let path = path.split(' ').next().unwrap_or_default();
        if let Some(path) = path.strip_prefix("/backend") {
            let length = head.iter().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            let mut body = vec![0; length.unwrap_or_default()];
            reader.read_exact(&mut body)?;
            return self.pass_on(&mut stream, method, path, &body);
        }
        let (status, kind, bytes) = match self.find(path.split('?').next().unwrap_or_default()) {
            Some((kind, bytes)) => ("200 OK", kind, bytes),
            None => ("404 Not Found", "text/plain", Vec::new()),
        };
        let length = bytes.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-type: {kind}; charset=utf-8\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        )?;
        stream.write_all(&bytes)
    }

    /// Asks REST with the key and gives its answer back as it is.
    fn pass_on(&self, stream: &mut TcpStream, method: &str, path: &str, body: &[u8]) -> std::io::Result<()> {
        let Self { server, key, .. } = self;
        let mut rest = TcpStream::connect(server)?;
        let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
        write!(
            rest,
            "{method} {path} HTTP/1.1\r\nhost: {server}\r\nauthorization: Bearer {key}\r\n{kind}content-length: {}\r\n\
            connection: close\r\n\r\n",
            body.len()
        )?;
        rest.write_all(body)?;
        std::io::copy(&mut rest, stream).map(drop)
    }

    fn find(&self, path: &str) -> Option<(&'static str, Vec<u8>)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let module = |name: &str| root.join("node_modules/@rongcloud").join(name).join("dist/index.umd.js");
        let file: PathBuf = match path {
            "/setup.json" => return Some(("application/json", self.setup.clone().into_bytes())),
            "/" => root.join("tests/sdk/page.html"),
            "/modules/engine.js" => module("engine"),
            "/modules/imlib.js" => module("imlib-v4"),
            path => root.join("tests/sdk").join(path.strip_prefix("/sdk/").filter(|name| !name.contains('/'))?),
        };
        let is_page = file.extension().is_some_and(|ending| ending == "html");
        let kind = if is_page { "text/html" } else { "text/javascript" };
        Some((kind, fs::read(file).ok()?))
    }
}
