//! Compiles `proto/rong/*.proto` to Rust, without any tool besides cargo.

use std::{error::Error, fs, path::Path};

use prost_types::{FileDescriptorSet, field_descriptor_proto::Label};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new("proto/rong");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    files.sort();
    let described = protox::compile(&files, ["proto"])?;
    let mut config = prost_build::Config::new();
    with_json(&mut config, &described);
    config.compile_fds(described)?;
    Ok(())
}

/// The long-poll packing carries the same messages as JSON, under the names of the protocol. What is optional and
/// absent is left out; lists are written out even when empty.
fn with_json(config: &mut prost_build::Config, described: &FileDescriptorSet) {
    config.message_attribute(
        ".",
        "#[derive(::serde::Serialize, ::serde::Deserialize)] #[serde(default, rename_all = \"camelCase\")]",
    );
    for message in described.file.iter().flat_map(|file| &file.message_type) {
        for field in message.field.iter().filter(|field| field.label() == Label::Optional) {
            let path = format!(".rong.{}.{}", message.name(), field.name());
            config.field_attribute(path, "#[serde(skip_serializing_if = \"Option::is_none\")]");
        }
    }
    for field in [".rong.UpStreamMessage.content", ".rong.DownStreamMessage.content", ".rong.UserSettingItem.value"] {
        config.field_attribute(field, "#[serde(with = \"super::bytes_as_text\")]");
    }
}
