//! The product in Chromium, through the real program: `kosmo demo` in a folder of its own, told as
//! what people do. What they press and fill in is found by the words they see.

mod axe;
mod browser;
mod demo;
mod devices;
mod keys;
mod net;
mod settings_steps;
mod steps;
mod wait;
mod walk;

mod expenses;
mod first_sign_in;
mod keyboard;
mod mailed_code;
mod mistakes;
mod pages;
mod passkey_alone;
mod recovery;
mod running;
mod set_up;
mod settings;
mod settings_devices;
mod settings_keyboard;
mod single_form;
mod unions;
mod updated_terms;
mod without_scripts;
