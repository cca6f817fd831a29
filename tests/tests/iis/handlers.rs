//! Mistakes in the handler list.

use super::*;

#[test]
fn mistakes_in_the_handler_list_are_named() {
    prove(&[
        Mistake {
            what: "no web.config",
            make: |s| std::fs::remove_file(s.files.path("c/inetpub/shop/web.config")).unwrap(),
            finding: "error ISH0703",
            says: "404.17 or 404.3",
        },
        Mistake {
            what: "another handler for *.py",
            make: |s| {
                s.web("modules=\"IsapiModule\"\n           scriptProcessor=\"C:\\inetpub\\PyISAPIe\\PyISAPIe.dll\"", "modules=\"CgiModule\" scriptProcessor=\"C:\\Python27\\python.exe\"")
            },
            finding: "error ISH0703",
            says: "*.py goes to CgiModule",
        },
        Mistake {
            what: "another module",
            make: |s| s.web("IsapiModule", "FastCgiModule"),
            finding: "error ISH0710",
            says: "modules=\"IsapiModule\"",
        },
        Mistake {
            what: "no module",
            make: |s| s.web("modules=\"IsapiModule\"", ""),
            finding: "error ISH0710",
            says: "500.21",
        },
        Mistake {
            what: "no scriptProcessor",
            make: |s| {
                s.web(
                    "scriptProcessor=\"C:\\inetpub\\PyISAPIe\\PyISAPIe.dll\"",
                    "",
                )
            },
            finding: "error ISH0704",
            says: "names no scriptProcessor",
        },
        Mistake {
            what: "a preCondition that the pool is not",
            make: |s| s.web("bitness64", "classicMode,bitness64"),
            finding: "error ISH0709",
            says: "404.17",
        },
        Mistake {
            what: "a preCondition that the DLL is not",
            make: |s| s.web("bitness64", "bitness32"),
            finding: "error ISH0709",
            says: "preCondition=\"bitness64\"",
        },
        Mistake {
            what: "a script map for folders",
            make: |s| s.web("\"File\"", "\"Directory\""),
            finding: "error ISH0711",
            says: "404.0",
        },
        Mistake {
            what: "a script map for anything",
            make: |s| s.web("\"File\"", "\"Unspecified\""),
            finding: "note ISH0711",
            says: "404.0",
        },
        Mistake {
            what: "a wildcard map for files",
            make: |s| {
                s.web("path=\"*.py\"", "path=\"*\"");
                s.files.file(ISAPI, "def Request():\n    return True\n");
            },
            finding: "warning ISH0711",
            says: "resourceType=\"Unspecified\"",
        },
        Mistake {
            what: "a policy without Script",
            make: |s| s.web("<handlers>", "<handlers accessPolicy=\"Read\">"),
            finding: "error ISH0712",
            says: "403.1",
        },
        Mistake {
            what: "a handler that needs Execute",
            make: |s| s.web("requireAccess=\"Script\"", "requireAccess=\"Execute\""),
            finding: "error ISH0712",
            says: "403.1",
        },
        Mistake {
            what: "a narrow verb",
            make: |s| s.web("verb=\"*\"", "verb=\"GET,HEAD\""),
            finding: "warning ISH0713",
            says: "and not POST, PUT, PATCH, DELETE",
        },
        Mistake {
            what: "an earlier handler",
            make: |s| {
                s.web("<handlers>", "<handlers><add name=\"x\" path=\"*\" verb=\"*\" modules=\"StaticFileModule\" />")
            },
            finding: "error ISH0714",
            says: "View Ordered List",
        },
        Mistake {
            what: "an earlier handler for some methods",
            make: |s| {
                s.web("<handlers>", "<handlers><add name=\"WebDAV2\" path=\"*\" verb=\"PUT,DELETE\" modules=\"WebDAVModule\" />")
            },
            finding: "warning ISH0714",
            says: "with PUT, DELETE",
        },
        Mistake {
            what: "a handler at the end of the server's list",
            make: |s| {
                std::fs::remove_file(s.files.path("c/inetpub/shop/web.config")).unwrap();
                s.host("requireAccess=\"Read\" />", "requireAccess=\"Read\" /><add name=\"py\" path=\"*.py\" verb=\"*\" modules=\"IsapiModule\" scriptProcessor=\"C:\\inetpub\\PyISAPIe\\PyISAPIe.dll\" resourceType=\"File\" />");
            },
            finding: "error ISH0714",
            says: "\"StaticFile\"",
        },
        Mistake {
            what: "a list that is cleared",
            make: |s| s.web("<handlers>", "<handlers><clear />"),
            finding: "warning ISH0715",
            says: "404.4",
        },
        Mistake {
            what: "a name that the server has",
            make: |s| s.web("PyISAPIe-py", "TRACEVerbHandler"),
            finding: "error ISH0730",
            says: "0x800700b7",
        },
    ]);
}
