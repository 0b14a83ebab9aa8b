//! A row as PostgreSQL copies it as text: values between tabs, ended by a new line.

use rusqlite::types::ValueRef;

/// Why a value cannot stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// PostgreSQL keeps no such text.
    #[error("a text holds the character U+0000")]
    Nul,
    /// Nothing of ours is one.
    #[error("a value is a fraction")]
    Fraction,
    /// The row could not be read.
    #[error("it cannot be read")]
    Unreadable,
}

/// Adds a value. `is_flag`: numbers here are yes and no there.
pub(super) fn add(value: ValueRef<'_>, is_flag: bool, line: &mut Vec<u8>) -> Result<(), Unfit> {
    match value {
        ValueRef::Null => line.extend(b"\\N"),
        ValueRef::Integer(number) if is_flag => line.push(if number == 0 { b'f' } else { b't' }),
        ValueRef::Integer(number) => line.extend(number.to_string().as_bytes()),
        ValueRef::Real(_) => return Err(Unfit::Fraction),
        ValueRef::Text(text) => {
            for byte in text {
                match byte {
                    0 => return Err(Unfit::Nul),
                    b'\\' => line.extend(b"\\\\"),
                    8 => line.extend(b"\\b"),
                    b'\t' => line.extend(b"\\t"),
                    b'\n' => line.extend(b"\\n"),
                    11 => line.extend(b"\\v"),
                    12 => line.extend(b"\\f"),
                    b'\r' => line.extend(b"\\r"),
                    other => line.push(*other),
                }
            }
        }
        ValueRef::Blob(bytes) => {
            line.extend(b"\\\\x");
            line.extend(data_encoding::HEXLOWER.encode(bytes).as_bytes());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: ValueRef<'_>, is_flag: bool) -> String {
        let mut line = Vec::new();
        add(value, is_flag, &mut line).unwrap();
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn values_are_written_as_postgresql_writes_them() {
        assert_eq!(written(ValueRef::Null, false), "\\N");
        assert_eq!(written(ValueRef::Integer(-7), false), "-7");
        assert_eq!(
            (written(ValueRef::Integer(1), true), written(ValueRef::Integer(0), true)),
            ("t".into(), "f".into())
        );
        assert_eq!(
            written(ValueRef::Text("a\\N\t灯\r\n\u{8}\u{b}\u{c}\u{1}".as_bytes()), false),
            "a\\\\N\\t灯\\r\\n\\b\\v\\f\u{1}"
        );
        assert_eq!(written(ValueRef::Blob(&[0, 255]), false), "\\\\x00ff");
        assert_eq!(add(ValueRef::Text(b"a\0"), false, &mut Vec::new()), Err(Unfit::Nul));
        assert_eq!(add(ValueRef::Real(0.5), false, &mut Vec::new()), Err(Unfit::Fraction));
    }
}
