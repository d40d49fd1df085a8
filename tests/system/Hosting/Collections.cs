namespace Newsletter.SystemTests.Hosting;

/// <summary>One standalone installation for all classes that use it.</summary>
[CollectionDefinition(nameof(StandaloneCollection))]
public sealed class StandaloneCollection : ICollectionFixture<Standalone>;

/// <summary>One distributed installation for all classes that use it.</summary>
[CollectionDefinition(nameof(DistributedCollection))]
public sealed class DistributedCollection : ICollectionFixture<Distributed>;
