//! What a visitor downloads, compressed as it is served.

use std::io::Write;

use anyhow::Context;

use super::server::{People, Server};

pub(crate) async fn print(server: &Server) -> anyhow::Result<()> {
    let site = People::of(server).await?.site().await?;
    let launcher = size(server, &format!("/w/{}.js", site.key)).await?;
    let frame = server.get(&format!("/w/{}", site.key)).await.context("the frame page")?;
    let mut open = compressed(body(&frame))?;
    let mut files = Vec::new();
    for part in frame.split('"').filter(|part| part.starts_with("/assets/")) {
        let is_code = part.rsplit_once('.').is_some_and(|(_, kind)| matches!(kind, "js" | "css"));
        if is_code && !files.contains(&part) {
            files.push(part);
            open += size(server, part).await?;
        }
    }
    println!("weight: launcher {launcher} bytes · open chat {open} bytes (brotli; page, {} files)", files.len());
    Ok(())
}

async fn size(server: &Server, path: &str) -> anyhow::Result<usize> {
    let answer = server.get(path).await.context("the server answers")?;
    anyhow::ensure!(answer.starts_with("HTTP/1.1 200"), "{path}: {}", answer.lines().next().unwrap_or_default());
    compressed(body(&answer))
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

fn compressed(text: &str) -> anyhow::Result<usize> {
    let mut small = Vec::new();
    brotli::CompressorWriter::new(&mut small, 4096, 11, 22).write_all(text.as_bytes())?;
    Ok(small.len())
}
