//! What a visitor costs who looks at the page and says nothing.

use std::time::Duration;

use super::{
    line,
    server::{People, Server},
};

/// Resident KiB for each of so many connected visitors.
pub(crate) async fn per_visitor(server: &Server, people: &People, visitors: usize) -> anyhow::Result<f64> {
    let site = people.site().await?;
    let mut hellos = Vec::with_capacity(visitors);
    for _ in 0..visitors {
        hellos.push(people.visitor(&site).await?);
    }
    // A few first, so that threads and caches have what they need.
    let mut lines = Vec::with_capacity(visitors);
    let (few, many) = hellos.split_at(50);
    for hello in few {
        lines.push(line::connect(server.address, hello).await?);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = server.resident_kib()?;
    for hello in many {
        lines.push(line::connect(server.address, hello).await?);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok((server.resident_kib()? - before) / many.len() as f64)
}
