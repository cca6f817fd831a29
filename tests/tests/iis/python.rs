//! Mistakes in the DLL, and around Python.

use super::*;

#[test]
fn mistakes_in_the_dll_are_named() {
    prove(&[
        Mistake {
            what: "no DLL",
            make: |s| std::fs::remove_file(s.files.path(DLL)).unwrap(),
            finding: "error ISH0704",
            says: "0x8007007e",
        },
        Mistake {
            what: "no DLL but a text",
            make: |s| drop(s.files.file(DLL, "<html>404</html>")),
            finding: "error ISH0705",
            says: "0x800700c1",
        },
        Mistake {
            what: "a core in the handler",
            make: |s| {
                s.web("PyISAPIe.dll", "PyISAPIe.cp313-win_amd64.dll");
                s.host("PyISAPIe.dll", "PyISAPIe.cp313-win_amd64.dll");
            },
            finding: "error ISH0706",
            says: "names the core",
        },
        Mistake {
            what: "the old PyISAPIe",
            make: |s| drop(s.dll(DLL, X64, EXTENSION, &["python27.dll"])),
            finding: "error ISH0706",
            says: "needs python27.dll",
        },
        Mistake {
            what: "decorated exports",
            make: |s| {
                drop(s.dll(
                    DLL,
                    X64,
                    &["_GetExtensionVersion@4", "_HttpExtensionProc@4"],
                    &[],
                ))
            },
            finding: "error ISH0707",
            says: "exports _GetExtensionVersion@4",
        },
        Mistake {
            what: "no exports",
            make: |s| drop(s.dll(DLL, X64, &[], &[])),
            finding: "error ISH0707",
            says: "0x8007007f",
        },
        Mistake {
            what: "a pool of 32 bit",
            make: |s| {
                s.host(
                    "<add name=\"Shop\"",
                    "<add name=\"Shop\" enable32BitAppOnWin64=\"true\"",
                );
                s.web(" preCondition=\"bitness64\"", "");
            },
            finding: "error ISH0708",
            says: "/enable32BitAppOnWin64:false",
        },
        Mistake {
            what: "a DLL of 32 bit",
            make: |s| {
                s.web(" preCondition=\"bitness64\"", "");
                s.dll(DLL, X86, EXTENSION, &[]);
            },
            finding: "error ISH0708",
            says: "0x800700c1",
        },
    ]);
}

#[test]
fn mistakes_around_python_are_named() {
    prove(&[
        Mistake {
            what: "a settings file with a misspelt name",
            make: |s| drop(s.files.file(TOML, "pyton = 'C:\\Python313'\n")),
            finding: "error ISH0722",
            says: "ISH0312",
        },
        Mistake {
            what: "a Python that is gone",
            make: |s| drop(s.files.file(TOML, "python = 'C:\\Python399'\n")),
            finding: "error ISH0720",
            says: "ISH0307",
        },
        Mistake {
            what: "a Python of the other bitness",
            make: |s| drop(s.dll("c/Python313/python313.dll", X86, &[], &[])),
            finding: "error ISH0720",
            says: "ISH0308",
        },
        Mistake {
            what: "no core for this Python",
            make: |s| std::fs::remove_file(s.files.path(CORE)).unwrap(),
            finding: "error ISH0721",
            says: "ISH0309",
        },
        Mistake {
            what: "a core of the other bitness",
            make: |s| drop(s.dll(CORE, X86, EXTENSION, &["python313.dll"])),
            finding: "error ISH0721",
            says: "ISH0310",
        },
        Mistake {
            what: "a core for another Python under this name",
            make: |s| drop(s.dll(CORE, X64, EXTENSION, &["python311.dll"])),
            finding: "error ISH0721",
            says: "needs python311.dll",
        },
        Mistake {
            what: "no core at all, and a Python that nobody names",
            make: |s| {
                std::fs::remove_file(s.files.path(CORE)).unwrap();
                std::fs::remove_file(s.files.path(TOML)).unwrap();
            },
            // On Windows there is a registry, and it names none.
            finding: if WINDOWS {
                "error ISH0720"
            } else {
                "error ISH0721"
            },
            says: "not PyISAPIe.dll alone",
        },
        Mistake {
            what: "a virtual environment of a Python that is gone",
            make: |s| {
                std::fs::remove_file(s.files.path(TOML)).unwrap();
                s.files.file(
                    "c/inetpub/PyISAPIe/venv/pyvenv.cfg",
                    "home = C:\\Python399\n",
                );
            },
            finding: "error ISH0720",
            says: "venv",
        },
    ]);
}

#[test]
fn a_virtual_environment_beside_the_dll_leads_to_its_python() {
    let server = Server::new();
    std::fs::remove_file(server.files.path(TOML)).unwrap();
    server.files.file(
        "c/inetpub/PyISAPIe/venv/pyvenv.cfg",
        "home = C:\\Python313\n",
    );
    let done = server.check(&[]);
    assert!(done.out.contains("(Python 3.13)"), "{}", done.out);
    assert_eq!(findings(&done.out), [""; 0]);
}
