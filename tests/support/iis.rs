//! A copy of a server's files: a site, PyISAPIe.dll with its core, a Python, applicationHost.config.

use crate::pe::{self, EXTENSION, X64};
use crate::site::Site;
use crate::target::shown;
use crate::{Finished, finish, shim};
use std::path::PathBuf;

/// The site's web.config, without a mistake.
pub const WEB_CONFIG: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<configuration>
  <system.webServer>
    <handlers>
      <add name="PyISAPIe-py" path="*.py" verb="*" modules="IsapiModule"
           scriptProcessor="C:\inetpub\PyISAPIe\PyISAPIe.dll"
           resourceType="File" requireAccess="Script" preCondition="bitness64" />
    </handlers>
  </system.webServer>
</configuration>
"#;

/// The server's applicationHost.config, without a mistake; as IIS has it, but shorter.
pub const APPLICATION_HOST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<configuration>
  <configSections>
    <sectionGroup name="system.webServer">
      <section name="handlers" overrideModeDefault="Deny" />
      <section name="modules" allowDefinition="MachineToApplication" overrideModeDefault="Deny" />
      <sectionGroup name="security">
        <section name="isapiCgiRestriction" allowDefinition="AppHostOnly" overrideModeDefault="Deny" />
      </sectionGroup>
    </sectionGroup>
  </configSections>
  <system.applicationHost>
    <applicationPools>
      <add name="DefaultAppPool" />
      <add name="Shop" managedRuntimeVersion="" />
      <applicationPoolDefaults managedRuntimeVersion="v4.0" />
    </applicationPools>
    <sites>
      <site name="Default Web Site" id="1">
        <application path="/">
          <virtualDirectory path="/" physicalPath="%SystemDrive%\inetpub\wwwroot" />
        </application>
      </site>
      <site name="Shop" id="2">
        <application path="/" applicationPool="Shop">
          <virtualDirectory path="/" physicalPath="C:\inetpub\shop" />
        </application>
      </site>
      <applicationDefaults applicationPool="DefaultAppPool" />
    </sites>
  </system.applicationHost>
  <system.webServer>
    <globalModules>
      <add name="StaticFileModule" image="%windir%\System32\inetsrv\static.dll" />
      <add name="IsapiModule" image="%windir%\System32\inetsrv\isapi.dll" />
    </globalModules>
    <security>
      <isapiCgiRestriction>
        <add path="C:\inetpub\PyISAPIe\PyISAPIe.dll" allowed="true" description="PyISAPIe" />
      </isapiCgiRestriction>
      <requestFiltering>
        <hiddenSegments>
          <add segment="web.config" />
          <add segment="bin" />
          <add segment="App_Data" />
        </hiddenSegments>
      </requestFiltering>
    </security>
  </system.webServer>
  <location path="" overrideMode="Allow">
    <system.webServer>
      <modules>
        <add name="IsapiModule" lockItem="true" />
        <add name="StaticFileModule" lockItem="true" />
      </modules>
      <handlers accessPolicy="Read, Script">
        <add name="ISAPI-dll" path="*.dll" verb="*" modules="IsapiModule" resourceType="File" requireAccess="Execute" allowPathInfo="true" />
        <add name="TRACEVerbHandler" path="*" verb="TRACE" modules="ProtocolSupportModule" requireAccess="None" />
        <add name="OPTIONSVerbHandler" path="*" verb="OPTIONS" modules="ProtocolSupportModule" requireAccess="None" />
        <add name="StaticFile" path="*" verb="*" modules="StaticFileModule,DefaultDocumentModule,DirectoryListingModule" resourceType="Either" requireAccess="Read" />
      </handlers>
    </system.webServer>
  </location>
</configuration>
"#;

/// The copy; the server's drive `C:` is the folder `c` of it.
#[derive(Debug)]
pub struct Server {
    /// The files.
    pub files: Site,
}

impl Server {
    /// A server without a mistake.
    pub fn new() -> Self {
        let server = Self { files: Site::new() };
        let files = &server.files;
        files.file("applicationHost.config", APPLICATION_HOST);
        files.file("c/inetpub/shop/web.config", WEB_CONFIG);
        files.request("c/inetpub/shop/hello.py", "Write('Hello')");
        server.dll(
            "c/inetpub/PyISAPIe/PyISAPIe.dll",
            X64,
            EXTENSION,
            &["KERNEL32.dll"],
        );
        let core = "c/inetpub/PyISAPIe/PyISAPIe.cp313-win_amd64.dll";
        server.dll(core, X64, EXTENSION, &["python313.dll"]);
        files.file(
            "c/inetpub/PyISAPIe/PyISAPIe.toml",
            "python = 'C:\\Python313'\n",
        );
        server.dll("c/Python313/python313.dll", X64, &[], &[]);
        server
    }

    /// Writes a DLL.
    pub fn dll(&self, name: &str, machine: u16, exports: &[&str], imports: &[&str]) -> PathBuf {
        self.files.file(name, pe::dll(machine, exports, imports))
    }

    /// Changes the text of a file.
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.files.path(name)).expect("a file of the server");
        assert!(text.contains(from), "{name} has no {from:?}");
        self.files.file(name, text.replace(from, to));
    }

    /// Changes the site's web.config.
    pub fn web(&self, from: &str, to: &str) {
        self.edit("c/inetpub/shop/web.config", from, to);
    }

    /// Changes applicationHost.config.
    pub fn host(&self, from: &str, to: &str) {
        self.edit("applicationHost.config", from, to);
    }

    /// `isapi-shim iis check` with the whole server to be seen, and more options.
    pub fn check(&self, options: &[&str]) -> Finished {
        let host = shown(&self.files.path("applicationHost.config"));
        let mut all = vec!["--application-host", &host];
        all.extend(options);
        self.check_site(&all)
    }

    /// The same, of the site alone.
    pub fn check_site(&self, options: &[&str]) -> Finished {
        let map = format!("C:\\={}", shown(&self.files.path("c")));
        let mut command = shim(&["iis", "check", "--map-path", &map]);
        command.args(options);
        command.arg(shown(&self.files.path("c/inetpub/shop")));
        finish(command)
    }
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

/// The findings of a report in text: `error ISH0704`, in its order.
pub fn findings(report: &str) -> Vec<String> {
    let lines = report.lines().filter_map(|line| line.split_once(':'));
    let heads = lines.map(|(head, _)| head.to_owned());
    heads.filter(|head| head.contains(" ISH07")).collect()
}
