//! Pages that were written for the original widget: their code stays, only addresses and keys are new.

mod desk;
mod messenger;
mod page;
