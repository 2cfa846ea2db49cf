//! Every reader, with each text of the corpus, and with such texts changed by dice. What happens
//! follows from the seed, and nothing from the speed of the machine. `FUZZ_SEED` chooses another
//! seed, `FUZZ_RUNS` how many texts each reader is given.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use tokenkeep_fuzz::READERS;

/// How many texts each reader is given if nobody says otherwise.
const RUNS: u64 = 1_500_000;
/// The longest text that is made.
const LONGEST: usize = 4_096;

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ mixed >> 31) % bound.max(1) as u64) as usize
    }
}

/// Pieces that readers decide by.
const PIECES: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\\u0061",
    "\\ud800",
    "\\ud83d\\ude00",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1e999",
    "1e-7",
    "1800000000",
    "9007199254740993",
    ".",
    "..",
    "=",
    "-",
    "_",
    "\n",
    "\0",
    "\u{feff}",
    "é",
    "{}",
    "[]",
    "\"\"",
    "eyJ",
    "e30",
    "\"crit\":[],",
    "\"nonce\":\"\",",
    "\"aud\":[\"api\"],",
    "\"cnf\":{},",
    "\"d\":\"AQ\",",
    "\"alg\":\"none\",",
];

fn number(variable: &str, usual: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number")))
}

/// The texts of a reader, in the order of their names.
fn corpus(reader: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(reader);
    let entries = fs::read_dir(&folder).unwrap_or_else(|_| panic!("{reader} has no corpus"));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("it can be read")).collect()
}

/// Changes a text at one to five places.
fn change(dice: &mut Dice, text: &mut Vec<u8>, others: &[Vec<u8>]) {
    for _ in 0..=dice.below(5) {
        let at = dice.below(text.len() + 1);
        let end = (at + 1 + dice.below(12)).min(text.len());
        match dice.below(7) {
            0 if at < text.len() => text[at] ^= 1 << dice.below(8),
            1 => text.insert(at, dice.below(256) as u8),
            2 if at < end => drop(text.drain(at..end)),
            3 if at < end => {
                let piece = text[at..end].to_vec();
                text.splice(at..at, piece);
            }
            4 => {
                let other = &others[dice.below(others.len())];
                let from = dice.below(other.len() + 1);
                let to = (from + dice.below(64)).min(other.len());
                text.splice(at..end.max(at), other[from..to].iter().copied());
            }
            _ => {
                let piece = PIECES[dice.below(PIECES.len())].bytes();
                text.splice(at..at, piece);
            }
        }
        text.truncate(LONGEST);
    }
}

fn read(name: &str, reader: fn(&[u8]), text: &[u8], seed: u64) {
    if catch_unwind(AssertUnwindSafe(|| reader(text))).is_err() {
        panic!("{name} fails (FUZZ_SEED={seed}) at {:?}", String::from_utf8_lossy(text));
    }
}

#[test]
fn every_reader_takes_any_bytes() {
    let seed = number("FUZZ_SEED", 1);
    let runs = number("FUZZ_RUNS", RUNS);
    println!("FUZZ_SEED={seed} FUZZ_RUNS={runs}");
    for (place, (name, reader)) in READERS.into_iter().enumerate() {
        let texts = corpus(name);
        assert!(texts.len() >= 2, "{name} has too small a corpus");
        for text in &texts {
            read(name, reader, text, seed);
        }
        let mut dice = Dice(seed.wrapping_mul(1_000).wrapping_add(place as u64));
        let mut text = Vec::new();
        for run in 0..runs {
            // Each text is changed further a few times before another is taken.
            if run % 8 == 0 {
                text.clone_from(&texts[dice.below(texts.len())]);
            }
            change(&mut dice, &mut text, &texts);
            read(name, reader, &text, seed);
        }
    }
}
