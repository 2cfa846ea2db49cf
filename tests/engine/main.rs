//! The engine in virtual time: one tab, every moment and every answer chosen by the test. Tests bear the ids of the
//! behaviours that they show.

mod tab;

mod failures;
mod logout;
mod refused;
mod requests;
mod schedule;
mod siblings;
mod start;
