//! `content.attach`: blocks beside a tool's JSON, bounded in number and bytes.

use std::sync::{Mutex, PoisonError};

use super::Block;
use crate::runtime::Guest;
use crate::runtime::bindings::portcullis::plugin::blocks as wit_blocks;
use crate::runtime::bindings::portcullis::plugin::content as wit;

/// The most blocks of one call; `wit/content.wit` names it.
const MOST: usize = 64;

/// What a running tool attached so far.
#[derive(Debug, Default)]
pub struct Attached(Mutex<Vec<Block>>);

impl Attached {
    /// All blocks, in order; none are left.
    pub fn take(&self) -> Vec<Block> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, block: Block, most_bytes: u64) -> Result<(), wit::Refusal> {
        let mut blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if blocks.len() >= MOST {
            return Err(wit::Refusal::TooMany);
        }
        let together = blocks.iter().map(Block::bytes).sum::<usize>() + block.bytes();
        if together as u64 > most_bytes {
            return Err(wit::Refusal::TooLarge);
        }
        blocks.push(block);
        Ok(())
    }
}

/// `blocks` has no functions.
impl wit_blocks::Host for Guest {}

impl wit::Host for Guest {
    fn attach(&mut self, block: wit::Block, hints: Option<wit::Hints>) -> Result<(), wit::Refusal> {
        let within = self.reach.within.as_ref().ok_or(wit::Refusal::NotHere)?;
        let beside = within.beside.as_ref().ok_or(wit::Refusal::NotHere)?;
        let connection = within.link.connection();
        let block = Block::read(block, hints, connection).ok_or(wit::Refusal::Malformed)?;
        beside.attached.add(block, within.link.limits.output_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::{Hints, Shown};

    fn text(text: &str) -> Block {
        Block {
            shown: Shown::Text(text.to_owned()),
            hints: Hints::default(),
        }
    }

    #[test]
    fn number_and_bytes_are_bounded() {
        let attached = Attached::default();
        assert_eq!(attached.add(text("12345"), 8), Ok(()));
        assert_eq!(attached.add(text("1234"), 8), Err(wit::Refusal::TooLarge));
        assert_eq!(attached.add(text("123"), 8), Ok(()));
        for _ in 2..MOST {
            assert_eq!(attached.add(text(""), 8), Ok(()));
        }
        assert_eq!(attached.add(text(""), 8), Err(wit::Refusal::TooMany));
        assert_eq!(attached.take().len(), MOST);
        assert!(attached.take().is_empty());
    }
}
