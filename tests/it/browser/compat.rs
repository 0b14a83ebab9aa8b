//! Pages that were written for the original widget: their code stays, only addresses and keys are new.

mod checks;
mod desk;
mod looks;
mod messenger;
mod page;
