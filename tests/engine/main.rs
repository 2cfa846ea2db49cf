//! The engine in virtual time: one tab, every moment and every answer chosen by the test. Tests
//! bear the ids of the behaviours that they show.

#![cfg(not(target_arch = "wasm32"))]
#![expect(non_snake_case, reason = "tests bear the ids of behaviours")]

mod tab;

mod failures;
mod logout;
mod refused;
mod replies;
mod requests;
mod schedule;
mod siblings;
mod sliding;
mod start;
