//! Mistakes of the server: pools, restrictions, modules, other sites.

use super::*;

#[test]
fn mistakes_of_the_server_are_named() {
    prove(&[
        Mistake {
            what: "no restriction",
            make: |s| {
                s.host("<add path=\"C:\\inetpub\\PyISAPIe\\PyISAPIe.dll\" allowed=\"true\" description=\"PyISAPIe\" />", "")
            },
            finding: "error ISH0716",
            says: "/section:system.webServer/security/isapiCgiRestriction /+\"[path='C:\\inetpub\\PyISAPIe\\PyISAPIe.dll',allowed='true'",
        },
        Mistake {
            what: "a restriction that forbids",
            make: |s| s.host("allowed=\"true\"", "allowed=\"false\""),
            finding: "error ISH0716",
            says: "404.2",
        },
        Mistake {
            what: "a restriction in quotes",
            make: |s| {
                s.host(
                    "path=\"C:\\inetpub\\PyISAPIe\\PyISAPIe.dll\"",
                    "path=\"&quot;C:\\inetpub\\PyISAPIe\\PyISAPIe.dll&quot;\"",
                )
            },
            finding: "error ISH0717",
            says: "404.2",
        },
        Mistake {
            what: "a restriction in other letters",
            make: |s| {
                s.host(
                    "path=\"C:\\inetpub\\PyISAPIe\\PyISAPIe.dll\"",
                    "path=\"c:\\Inetpub\\pyisapie\\PyISAPIe.dll\"",
                )
            },
            finding: "note ISH0717",
            says: "upper and lower case",
        },
        Mistake {
            what: "a restriction for the core",
            make: |s| {
                s.host(
                    "PyISAPIe\\PyISAPIe.dll\" allowed",
                    "PyISAPIe\\PyISAPIe.cp313-win_amd64.dll\" allowed",
                )
            },
            finding: "error ISH0716",
            says: "which needs no entry",
        },
        Mistake {
            what: "no IsapiModule",
            make: |s| {
                s.host(
                    "<add name=\"IsapiModule\" image=\"%windir%\\System32\\inetsrv\\isapi.dll\" />",
                    "",
                )
            },
            finding: "error ISH0718",
            says: "IIS-ISAPIExtensions",
        },
        Mistake {
            what: "IsapiModule removed by the site",
            make: |s| {
                s.web(
                    "<handlers>",
                    "<modules><remove name=\"IsapiModule\" /></modules><handlers>",
                )
            },
            finding: "error ISH0718",
            says: "500.21",
        },
        Mistake {
            what: "a locked section",
            make: |s| {
                s.host(
                    "<location path=\"\" overrideMode=\"Allow\">",
                    "<location path=\"\">",
                )
            },
            finding: "error ISH0729",
            says: "unlock config /section:system.webServer/handlers",
        },
        Mistake {
            what: "a restriction in web.config",
            make: |s| {
                s.web(
                    "<handlers>",
                    "<security><isapiCgiRestriction /></security><handlers>",
                )
            },
            finding: "error ISH0729",
            says: "0x80070021",
        },
        Mistake {
            what: "a pool that does not exist",
            make: |s| s.host("applicationPool=\"Shop\"", "applicationPool=\"Gone\""),
            finding: "error ISH0728",
            says: "503",
        },
        Mistake {
            what: "a pool that does not start",
            make: |s| {
                s.host(
                    "<add name=\"Shop\"",
                    "<add name=\"Shop\" autoStart=\"false\"",
                )
            },
            finding: "warning ISH0728",
            says: "503",
        },
        Mistake {
            what: "another copy in the same pool",
            make: |s| {
                s.host(
                    "<application path=\"/\">",
                    "<application path=\"/\" applicationPool=\"shop\">",
                );
                let web =
                    acceptance::iis::WEB_CONFIG.replace("inetpub\\PyISAPIe", "inetpub\\Other");
                s.files.file("c/inetpub/wwwroot/web.config", web);
            },
            finding: "error ISH0723",
            says: "ISH0311",
        },
        Mistake {
            what: "two copies in one site",
            make: |s| {
                s.web("</handlers>", "<add name=\"two\" path=\"*.psp\" verb=\"*\" modules=\"IsapiModule\" scriptProcessor=\"C:\\inetpub\\PyISAPIe\\PyISAPIe-Two.dll\" resourceType=\"File\" /></handlers>")
            },
            finding: "error ISH0704",
            says: "error ISH0723",
        },
    ]);
}

#[test]
fn one_copy_for_two_sites_in_one_pool_is_no_mistake() {
    let server = Server::new();
    server.host(
        "<application path=\"/\">",
        "<application path=\"/\" applicationPool=\"Shop\">",
    );
    server
        .files
        .file("c/inetpub/wwwroot/web.config", acceptance::iis::WEB_CONFIG);
    assert_eq!(findings(&server.check(&[]).out), [""; 0]);
}
