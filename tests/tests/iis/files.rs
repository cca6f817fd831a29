//! Mistakes in files and filters.

use super::*;

#[test]
fn mistakes_in_files_and_filters_are_named() {
    prove(&[
        Mistake {
            what: "a denied file extension",
            make: |s| {
                s.web("<handlers>", "<security><requestFiltering><fileExtensions><add fileExtension=\".py\" allowed=\"false\" /></fileExtensions></requestFiltering></security><handlers>")
            },
            finding: "error ISH0719",
            says: "404.7",
        },
        Mistake {
            what: "file extensions that must be listed",
            make: |s| {
                s.host(
                    "<requestFiltering>",
                    "<requestFiltering><fileExtensions allowUnlisted=\"false\" />",
                )
            },
            finding: "error ISH0719",
            says: "404.7",
        },
        Mistake {
            what: "a denied method",
            make: |s| {
                s.host(
                    "<requestFiltering>",
                    "<requestFiltering><verbs><add verb=\"POST\" allowed=\"false\" /></verbs>",
                )
            },
            finding: "error ISH0719",
            says: "404.6",
        },
        Mistake {
            what: "a script in a hidden folder",
            make: |s| drop(s.files.request("c/inetpub/shop/bin/tool.py", "Write('x')")),
            finding: "warning ISH0719",
            says: "404.8",
        },
        Mistake {
            what: "the DLL in the site",
            make: |s| drop(s.dll("c/inetpub/shop/PyISAPIe.dll", X64, EXTENSION, &[])),
            finding: "warning ISH0726",
            says: "can load these files",
        },
        Mistake {
            what: "the package in the site",
            make: |s| {
                drop(s.files.file(
                    "c/inetpub/shop/Http/Isapi.py",
                    "from Http.Loader import Request\n",
                ))
            },
            finding: "warning ISH0726",
            says: "can call these files as scripts",
        },
        Mistake {
            what: "settings beside the scripts, where the DLL does not look",
            make: |s| {
                s.files
                    .file("c/inetpub/shop/Http/Config.py", "KeepAlive = True\n");
                s.host(
                    "<add segment=\"bin\" />",
                    "<add segment=\"bin\" /><add segment=\"Http\" />",
                );
            },
            finding: "warning ISH0731",
            says: r"put it into C:\inetpub\PyISAPIe\Http",
        },
        Mistake {
            what: "a content type for scripts",
            make: |s| {
                s.web("<handlers>", "<staticContent><mimeMap fileExtension=\".py\" mimeType=\"text/plain\" /></staticContent><handlers>")
            },
            finding: "warning ISH0726",
            says: "source",
        },
        Mistake {
            what: "a handler of Python 2",
            make: |s| drop(s.files.file(ISAPI, "def Request():\n  print 'x'\n")),
            finding: "error ISH0725",
            says: "Isapi.py, line 2",
        },
        Mistake {
            what: "a pass-through without a wildcard",
            make: |s| drop(s.files.file(ISAPI, "def Request():\n  return True\n")),
            finding: "warning ISH0724",
            says: "Possible recursion",
        },
        Mistake {
            what: "a wildcard without a handler",
            make: |s| {
                s.web("path=\"*.py\"", "path=\"*\"");
                s.web("\"File\"", "\"Unspecified\"");
            },
            finding: "warning ISH0724",
            says: "Isapi.py",
        },
    ]);
}
